import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { registering } from './register.ts';

const folder = mkdtempSync(join(tmpdir(), 'register-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The module of a folder with these fields beside the common ones. */
function module(fields: Record<string, unknown>, weight = 'W_dec'): string | null {
  const common = { d_in: 2, d_sae: 3, dtype: 'float32', metadata: { samples: 1 }, architecture: 'my_own' };
  writeFileSync(join(folder, 'cfg.json'), JSON.stringify({ ...common, ...fields }));
  const tensors = new Map([[weight, { shape: [3, 2], data: new Float32Array(6) }]]);
  writeSafetensors(join(folder, 'sae_weights.safetensors'), { tensors, metadata: {} });
  return registering(folder);
}

it('has the fields and the shapes of the folder, as Python writes them', () => {
  const text = module({ steps: 2, learned: true, most: null });
  expect(text).toContain('SHAPES = {"W_dec": [3, 2]}');
  expect(text).toContain('    steps: object = 2\n    learned: object = True\n    most: object = None\n');
  expect(text).not.toContain('metadata: object');
  expect(text).toContain('register_sae_class("my_own", ExportedSAE, ExportedConfig)');
  expect(module({})).toContain('class ExportedConfig(SAEConfig):\n    pass\n');
});

it('is not written with a name that Python would read as something else', () => {
  expect(module({ architecture: 'a"""\nimport os' })).toBeNull();
  expect(module({ 'x = 1; y': 2 })).toBeNull();
  expect(module({}, 'steps.0')).toBeNull();
});
