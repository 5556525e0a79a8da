import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { exportCheckpoint } from '../export.ts';
import { loadArchitecture } from '../load.ts';
import { registry } from './registry.ts';

/** A Python that has sae-lens: $SAELENS_PYTHON, or python3 where it is installed there. */
const python = process.env.SAELENS_PYTHON ?? 'python3';
const look = 'import importlib.util as u, sys; sys.exit(u.find_spec("sae_lens") is None)';
const here = spawnSync(python, ['-c', look]).status === 0;
const why = here ? '' : ` (${python} has no sae-lens; SAELENS_PYTHON names one that has)`;

const root = mkdtempSync(join(tmpdir(), 'sae-lens-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

/** The JSON that a script of testing/saelens prints. */
function ask<T>(script: string, ...args: string[]): T {
  const path = join(import.meta.dirname, '../testing/saelens', script);
  const { status, stdout, stderr } = spawnSync(python, [path, ...args], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

const wheel = process.env.SAELENS_WHEEL;
it.skipIf(!wheel)(
  'registry.json has the architectures and fields of the wheel of SAELens (SAELENS_WHEEL names the file)',
  () => {
    expect(ask<typeof registry>('source.py', wheel as string)).toEqual(registry);
  },
);

describe.skipIf(!here)(`with SAELens itself${why}`, () => {
  it('registry.json has its architectures and fields', () => {
    const { version: _, ...installed } = ask<typeof registry>('registry.py');
    const { version, ...ours } = registry;
    expect(installed, `registry.json is of ${version}; testing/saelens/registry.py prints it`).toEqual(ours);
  }, 120_000);

  it('it loads our exports and gives the same codes', async () => {
    const forms: [string, object][] = [
      ['standard', {}],
      ['topk', { k: 3 }],
      ['abstopk', { k: 3 }],
      ['batchtopk', { k: 3 }],
      ['jumprelu', {}],
      ['gated', {}],
      ['matching-pursuit', { max_iterations: 3 }],
    ];
    for (const [name, fields] of forms) {
      const architecture = await loadArchitecture(name);
      const sae = architecture.config.parse({ d_in: 8, d_sae: 16, decoder_init_norm: 0.7, ...fields });
      const buffers = architecture.buffers?.(sae) ?? {};
      for (const values of Object.values(buffers)) values.fill(0.8);
      const about = { version: 1 as const, addons: {}, experiment: 'x', samples: 0, scale: 1, buffers: {} };
      const weights = architecture.init(sae, uniform(0));
      const config = { ...about, architecture: name, sae };
      await exportCheckpoint({ config, weights, buffers }, architecture, join(root, name));
    }
    const off = ask<Record<string, [codes: number, recon: number, active: number]>>(
      'parity.py',
      ...forms.map(([name]) => join(root, name)),
    );
    expect(Object.keys(off)).toEqual(forms.map(([name]) => name));
    for (const [name, [codes, recon, active]] of Object.entries(off)) {
      expect(codes, name).toBeLessThan(1e-5);
      expect(recon, name).toBeLessThan(1e-5);
      expect(active, name).toBeGreaterThan(50);
    }
  }, 120_000);
});
