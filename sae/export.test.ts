import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSafetensors } from '#contract/safetensors';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import type { BaseConfig } from './architecture.ts';
import { type Exported, exportCheckpoint } from './export.ts';
import { architectureNames, loadArchitecture } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'sae-export-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Exports a fresh SAE whose thresholds are not 0. */
async function exported(name: string, fields: Record<string, unknown>): Promise<Exported & { out: string }> {
  const architecture = await loadArchitecture(name);
  const sae = architecture.config.parse({
    d_in: 8,
    d_sae: 16,
    decoder_init_norm: 0.7,
    ...fields,
  }) as BaseConfig;
  const buffers = architecture.buffers?.(sae) ?? {};
  for (const [buffer, values] of Object.entries(buffers)) if (buffer.startsWith('topk')) values.fill(0.8);
  const out = join(folder, name);
  const config = {
    version: 1 as const,
    architecture: name,
    sae,
    addons: {},
    experiment: 'x',
    samples: 0,
    scale: 1,
    buffers: {},
  };
  const weights = architecture.init(sae, uniform(0));
  return { out, ...exportCheckpoint({ config, weights, buffers }, architecture, out) };
}

it.each([
  ['standard', {}, 'standard', ['W_dec', 'W_enc', 'b_dec', 'b_enc']],
  ['topk', { k: 3.5 }, 'topk', ['W_dec', 'W_enc', 'b_dec', 'b_enc']],
  ['batchtopk', { k: 3 }, 'jumprelu', ['W_dec', 'W_enc', 'b_dec', 'b_enc', 'threshold']],
  ['jumprelu', {}, 'jumprelu', ['W_dec', 'W_enc', 'b_dec', 'b_enc', 'threshold']],
  ['gated', {}, 'gated', ['W_dec', 'W_enc', 'b_dec', 'b_gate', 'b_mag', 'r_mag']],
  ['matching-pursuit', { max_iterations: 3.9 }, 'matching_pursuit', ['W_dec', 'b_dec']],
])('%s goes out under SAELens names', async (name, fields, form, names) => {
  const { out, loads } = await exported(name, fields);
  expect(loads).toBe(true);
  const config = JSON.parse(readFileSync(join(out, 'cfg.json'), 'utf8'));
  expect(config).toMatchObject({ architecture: form, d_in: 8, d_sae: 16, dtype: 'float32' });
  if (name === 'topk') expect(config).toMatchObject({ k: 3, rescale_acts_by_decoder_norm: false });
  if (name === 'matching-pursuit') expect(config.max_iterations).toBe(3);
  const { tensors } = readSafetensors(join(out, 'sae_weights.safetensors'));
  expect([...tensors.keys()].sort()).toEqual(names);
  expect(tensors.get('W_dec')?.shape).toEqual([16, 8]);
});

const hasLista = architectureNames().includes('lista-matryoshka');

it.skipIf(!hasLista)('LISTA comes with an encode in Python that agrees', async () => {
  const { out, loads, files } = await exported('lista-matryoshka', { k: 3, n_refinement_steps: 2 });
  expect(loads).toBe(false);
  expect(files).toContain('encode.py');
  const script = `
import json, struct, sys
import numpy as np
import encode
def load(path):
    raw = open(path, "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    head = json.loads(raw[8:8 + size])
    head.pop("__metadata__", None)
    data = raw[8 + size:]
    return {k: np.frombuffer(data[v["data_offsets"][0]:v["data_offsets"][1]], "<f4").reshape(v["shape"]) for k, v in head.items()}
sae, parity = load("sae_weights.safetensors"), load("parity.safetensors")
codes = encode.encode(parity["x"], sae)
print(json.dumps([float((codes > 0).sum()), float(abs(codes - parity["codes"]).max()), float(abs(encode.decode(codes, sae) - parity["recon"]).max())]))
`;
  const ran = spawnSync('python3', ['-c', script], { cwd: out, encoding: 'utf8' });
  if (ran.status !== 0 && /No module named 'numpy'|ENOENT/.test(`${ran.stderr}${ran.error}`)) {
    console.log('SKIP: Python with numpy is not here, so encode.py was not run');
    return;
  }
  expect(ran.stderr).toBe('');
  const [active, codesDiffer, reconDiffer] = JSON.parse(ran.stdout) as number[];
  expect(active).toBeGreaterThan(20);
  expect(codesDiffer).toBeLessThan(1e-5);
  expect(reconDiffer).toBeLessThan(1e-5);
});
