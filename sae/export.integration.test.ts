import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '#contract/safetensors';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import type { Architecture, InferenceEncoder } from './architecture.ts';
import { type Exported, exportCheckpoint } from './export.ts';
import { architectureNames, loadArchitecture } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'sae-export-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Exports an untrained SAE whose thresholds are not 0; `change` may change the architecture first. */
async function exported(
  name: string,
  fields: Record<string, unknown>,
  {
    out = join(folder, name),
    change = (architecture: Architecture) => architecture,
    origin = {} as Parameters<typeof exportCheckpoint>[3],
  } = {},
): Promise<Exported & { out: string }> {
  const architecture = await loadArchitecture(name);
  const sae = architecture.config.parse({ d_in: 8, d_sae: 16, decoder_init_norm: 0.7, ...fields });
  const buffers = architecture.buffers?.(sae) ?? {};
  for (const [buffer, values] of Object.entries(buffers)) if (buffer.startsWith('topk')) values.fill(0.8);
  const about = { version: 1 as const, addons: {}, experiment: 'x', samples: 0, scale: 1 };
  const config = { ...about, architecture: name, sae, buffers: {} };
  const weights = architecture.init(sae, uniform(0));
  const result = await exportCheckpoint({ config, weights, buffers }, change(architecture), out, origin);
  return { out, ...result };
}

it.each([
  ['standard', {}, 'standard', ['W_dec', 'W_enc', 'b_dec', 'b_enc']],
  ['topk', { k: 3.5 }, 'topk', ['W_dec', 'W_enc', 'b_dec', 'b_enc']],
  ['batchtopk', { k: 3 }, 'jumprelu', ['W_dec', 'W_enc', 'b_dec', 'b_enc', 'threshold']],
  ['jumprelu', {}, 'jumprelu', ['W_dec', 'W_enc', 'b_dec', 'b_enc', 'threshold']],
  ['gated', {}, 'gated', ['W_dec', 'W_enc', 'b_dec', 'b_gate', 'b_mag', 'r_mag']],
  ['matching-pursuit', { max_iterations: 3.9 }, 'matching_pursuit', ['W_dec', 'b_dec']],
  ['abstopk', { k: 3 }, 'abstopk', ['W_dec', 'W_enc', 'b_dec', 'b_enc']],
])('%s is exported under SAELens names', async (name, fields, form, names) => {
  const { out, loads, checked, files } = await exported(name, fields);
  expect({ loads, checked }).toEqual({ loads: true, checked: true });
  expect(readdirSync(out).sort()).toEqual(files);
  const config = JSON.parse(readFileSync(join(out, 'cfg.json'), 'utf8'));
  expect(config).toMatchObject({ architecture: form, d_in: 8, d_sae: 16, dtype: 'float32' });
  if (name === 'topk') expect(config).toMatchObject({ k: 3, rescale_acts_by_decoder_norm: false });
  if (name === 'matching-pursuit') expect(config.max_iterations).toBe(3);
  const { tensors } = readSafetensors(join(out, 'sae_weights.safetensors'));
  expect([...tensors.keys()].sort()).toEqual(names);
  expect(tensors.get('W_dec')?.shape).toEqual([16, 8]);
});

it('says in metadata where its activations come from, as far as that is known', async () => {
  const origin = { model_name: 'gpt2', hook_name: 'blocks.6.hook_resid_post', context_size: 128 };
  const out = join(folder, 'origin');
  await exported('standard', {}, { out, origin });
  const config = JSON.parse(readFileSync(join(out, 'cfg.json'), 'utf8'));
  expect(config).toMatchObject({ normalize_activations: 'none', metadata: origin });
  await exported('standard', {}, { out: join(folder, 'no-origin') });
  const plain = JSON.parse(readFileSync(join(folder, 'no-origin/cfg.json'), 'utf8'));
  expect(Object.keys(plain.metadata)).not.toContain('hook_name');
});

describe('an inferenceEncoder() that claims to be another', () => {
  /** With a changed inference encoder. */
  const saying =
    (change: (form: InferenceEncoder) => Partial<InferenceEncoder>) => (architecture: Architecture) =>
      ({
        ...architecture,
        inferenceEncoder(...given) {
          const form = architecture.inferenceEncoder(...given);
          return { ...form, ...change(form) };
        },
      }) satisfies Architecture;

  it.each<[string, string, (form: InferenceEncoder) => Partial<InferenceEncoder>, RegExp]>([
    [
      'relu codes as topk',
      'standard',
      () => ({ architecture: 'topk', fields: { k: 3 } }),
      /standard\.ts: inferenceEncoder\(\) says that it is SAELens' "topk"; loaded as that, \d+ of \d+ codes of 64 rows differ \(row 0, latent \d+: /,
    ],
    [
      'topk codes as relu',
      'topk',
      () => ({ architecture: 'standard', fields: {} }),
      /topk\.ts: inferenceEncoder\(\) says that it is SAELens' "standard"; loaded as that/,
    ],
    [
      'other weights',
      'standard',
      ({ weights }) => ({ weights: { ...weights, W_dec: tf.neg(weights.W_dec) } }),
      /inferenceEncoder\(\) saves another decoder than it decodes with; not exported/,
    ],
    [
      'a field that this architecture does not have',
      'standard',
      () => ({ fields: { k: 3 } }),
      /standard\.ts: inferenceEncoder\(\) says that it is SAELens' "standard", which has no field k; not exported$/,
    ],
    [
      'no k',
      'topk',
      () => ({ fields: {} }),
      /topk\.ts: .* "topk", whose field k is wrong: .*; not exported$/,
    ],
    [
      'a weight that the name does not have',
      'jumprelu',
      () => ({ architecture: 'standard' }),
      /says that it is SAELens' "standard", which has no weight threshold; not exported$/,
    ],
    [
      'a weight that is missing',
      'standard',
      () => ({ architecture: 'jumprelu' }),
      /says that it is SAELens' "jumprelu", and lacks its weight threshold; not exported$/,
    ],
    [
      'a weight of another shape',
      'standard',
      ({ weights }) => ({ weights: { ...weights, W_enc: tf.transpose(weights.W_enc) } }),
      /says that it is SAELens' "standard", whose W_enc is \[8, 16\], and gives \[16, 8\]; not exported$/,
    ],
    [
      'codes of another shape, under a name of its own',
      'standard',
      ({ encode }) => ({ architecture: 'my_own', encode: (x) => tf.transpose(encode(x)) }),
      /gives codes of 2 rows of the shape \[16, 2\], \[2, 16\] expected; not exported$/,
    ],
    [
      'numbers that are not finite',
      'standard',
      ({ weights }) => ({ weights: { ...weights, b_enc: tf.fill([16], Number.NaN) } }),
      /gives b_enc with numbers that are not finite; not exported$/,
    ],
    [
      'no name',
      'standard',
      () => ({ architecture: '' }),
      /returns no `architecture`, the name that it is exported by; not exported$/,
    ],
  ])('is refused: %s, and nothing is left', async (_, name, change, message) => {
    const out = join(folder, 'refused/deep');
    const fields = name === 'topk' ? { k: 3 } : {};
    await expect(exported(name, fields, { out, change: saying(change) })).rejects.toThrow(message);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
    // Files that were there stay.
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'cfg.json'), 'mine');
    await expect(exported(name, fields, { out, change: saying(change) })).rejects.toThrow(message);
    expect(readdirSync(out)).toEqual(['cfg.json']);
    expect(readFileSync(join(out, 'cfg.json'), 'utf8')).toBe('mine');
    rmSync(join(folder, 'refused'), { recursive: true });
  });

  it('is exported unchecked under an unknown name, and the result says so', async () => {
    const change = saying(() => ({ architecture: 'my_own' }));
    const result = await exported('standard', {}, { out: join(folder, 'own'), change });
    expect(result).toMatchObject({ architecture: 'my_own', loads: false, checked: false });
  });
});

const hasLista = architectureNames().includes('lista-matryoshka');

it.skipIf(!hasLista)('LISTA has an encoder in Python that agrees', async ({ skip }) => {
  const { out, loads, checked, files } = await exported('lista-matryoshka', { k: 3, n_refinement_steps: 2 });
  expect({ loads, checked }).toEqual({ loads: false, checked: true });
  expect(files).toEqual(expect.arrayContaining(['encode.py', 'register_sae.py']));
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
    skip('Python with numpy is not here, so encode.py was not run');
  }
  expect(ran.stderr).toBe('');
  const [active, codesDiffer, reconDiffer] = JSON.parse(ran.stdout) as number[];
  expect(active).toBeGreaterThan(20);
  expect(codesDiffer).toBeLessThan(1e-5);
  expect(reconDiffer).toBeLessThan(1e-5);
});
