import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { architectureNames, loadArchitecture } from '#sae/load';
import { kinds } from '#sae/saelens/kinds';
import { ask, isHere, why } from './ask.ts';
import { exported } from './exported.ts';

/** Fields that an encoder depends on, for every architecture that has them. */
const FIELDS = {
  ...{ k: 2.5, topk_threshold_lr: 0.1, matryoshka_widths: [8], max_iterations: 3, l1_coefficient: 1 },
  ...{ jumprelu_init_threshold: 1, jumprelu_bandwidth: 1 },
};
/** What an architecture has beside them. */
const OWN: Readonly<Record<string, object>> = {
  jumprelu: { decoder_init_norm: 0.5 },
  'lista-matryoshka': { n_refinement_steps: 2, learnable_eta: true },
};

/** Our architectures with such fields. */
const forms = await Promise.all(
  architectureNames().map(async (name): Promise<[name: string, fields: object]> => {
    const { shape } = (await loadArchitecture(name)).config;
    const common = Object.entries(FIELDS).filter(([field]) => field in shape);
    return [name, { ...Object.fromEntries(common), ...OWN[name] }];
  }),
);

const root = mkdtempSync(join(tmpdir(), 'sae-lens-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

describe.skipIf(!isHere)(`what export writes, in SAELens${why}`, () => {
  it('is loaded, and encodes and decodes the same rows to 1e-5', async () => {
    for (const [name, fields] of forms)
      expect(Object.keys(kinds), name).toContain(await exported(root, name, fields));
    const off = ask<Record<string, [codes: number, recon: number, active: number]>>(
      'parity.py',
      ...forms.map(([name]) => join(root, name)),
    );
    expect(Object.keys(off)).toEqual(forms.map(([name]) => name));
    for (const [name, [codes, recon, active]] of Object.entries(off)) {
      expect(codes, `codes of ${name}`).toBeLessThan(1e-5);
      expect(recon, `reconstructions of ${name}`).toBeLessThan(1e-5);
      expect(active, `active codes of ${name}`).toBeGreaterThan(50);
    }
  });
});
