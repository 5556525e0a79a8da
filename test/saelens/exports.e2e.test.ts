import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { architectureNames } from '#sae/load';
import { ask, isHere, why } from './ask.ts';
import { exported } from './exported.ts';

/** Our architectures, with SAELens' name of what is exported, and fields that its encoder depends on. */
const FORMS: [name: string, theirs: string, fields: object][] = [
  ['standard', 'standard', { l1_coefficient: 1 }],
  ['topk', 'topk', { k: 3 }],
  ['abstopk', 'abstopk', { k: 3 }],
  ['batchtopk', 'jumprelu', { k: 2.5, topk_threshold_lr: 0.1 }],
  ['matryoshka-batchtopk', 'jumprelu', { k: 2.5, topk_threshold_lr: 0.1, matryoshka_widths: [8] }],
  ['jumprelu', 'jumprelu', { jumprelu_init_threshold: 1, jumprelu_bandwidth: 1, decoder_init_norm: 0.5 }],
  ['gated', 'gated', { l1_coefficient: 1 }],
  ['matching-pursuit', 'matching_pursuit', { max_iterations: 3 }],
  [
    'lista-matryoshka',
    'lista_matryoshka_decreasingk',
    { k: 2.5, topk_threshold_lr: 0.1, n_refinement_steps: 2, learnable_eta: true, matryoshka_widths: [8] },
  ],
];

const root = mkdtempSync(join(tmpdir(), 'sae-lens-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

describe.skipIf(!isHere)(`what export writes, in SAELens${why}`, () => {
  it('is of every architecture that the workspace ships', () => {
    expect(FORMS.map(([name]) => name).sort()).toEqual(expect.arrayContaining(architectureNames()));
  });

  it('is loaded, and encodes and decodes the same rows to 1e-5', async () => {
    for (const [name, theirs, fields] of FORMS) expect(await exported(root, name, fields)).toBe(theirs);
    const off = ask<Record<string, [codes: number, recon: number, active: number]>>(
      'parity.py',
      ...FORMS.map(([name]) => join(root, name)),
    );
    expect(Object.keys(off)).toEqual(FORMS.map(([name]) => name));
    for (const [name, [codes, recon, active]] of Object.entries(off)) {
      expect(codes, `codes of ${name}`).toBeLessThan(1e-5);
      expect(recon, `reconstructions of ${name}`).toBeLessThan(1e-5);
      expect(active, `active codes of ${name}`).toBeGreaterThan(50);
    }
  }, 180_000);
});
