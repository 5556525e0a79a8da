import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { architectureNames } from '#sae/load';
import { ask, isHere, why } from './ask.ts';
import { exported } from './exported.ts';

const root = mkdtempSync(join(tmpdir(), 'sae-registered-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

interface Told {
  off: number;
  fire: number;
  variance: [theirs: number, ours: number];
  metadata: Record<string, unknown>;
}

describe.skipIf(!isHere)(`an export of an architecture that SAELens lacks${why}`, () => {
  it.skipIf(!architectureNames().includes('lista-matryoshka'))(
    'is loaded after one import, with the same codes, explained variance and metadata',
    async () => {
      const origin = { model_name: 'gpt2', hook_name: 'blocks.6.hook_resid_post', context_size: 128 };
      const fields = { k: 2.5, topk_threshold_lr: 0.1, matryoshka_widths: [8], n_refinement_steps: 2 };
      await exported(root, 'lista-matryoshka', fields, origin);
      const told = ask<Told>('registered.py', join(root, 'lista-matryoshka'));
      expect(told.off).toBeLessThan(1e-5);
      expect(told.fire).toBeGreaterThan(50);
      const [theirs, ours] = told.variance;
      expect(Math.abs(theirs - ours)).toBeLessThan(1e-4);
      expect(told.metadata).toEqual(origin);
    },
  );
});
