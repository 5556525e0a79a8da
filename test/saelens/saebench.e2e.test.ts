import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { findSaelens, pythonEnv } from '#host/saelens';
import { architectureNames } from '#sae/load';
import { root as checkout } from '../import-graph.ts';
import { ask } from './ask.ts';
import { exported } from './exported.ts';

/** SAEBench holds NumPy below 2, so it is often not where SAELens is. */
const python = findSaelens(checkout);
const look = 'import importlib.util as u, sys; sys.exit(u.find_spec("sae_bench") is None)';
const isHere = python !== null && spawnSync(python, ['-c', look], { env: pythonEnv() }).status === 0;

const root = mkdtempSync(join(tmpdir(), 'sae-bench-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

interface Told {
  architecture: string;
  sparsity: { l0: number };
  reconstruction: { explained_variance: number; mse: number };
  shrinkage: { l2_norm_out: number };
  behaviour: Record<string, number>;
  by_hand: { l0: number; l2_norm_out: number };
  densities: number;
  probing: Record<string, number>;
}

describe.skipIf(!isHere)(`an export in SAEBench${isHere ? '' : ' (no Python here has sae-bench)'}`, () => {
  it.each([
    ['batchtopk', { k: 2.5 }, 'jumprelu'],
    [
      'lista-matryoshka',
      { k: 2.5, topk_threshold_lr: 0.1, matryoshka_widths: [8], n_refinement_steps: 2 },
      'lista_matryoshka_decreasingk',
    ],
  ])(
    '%s is taken by its core evaluation and its sparse probing, whose numbers are those by hand',
    async (name, fields, called) => {
      if (!architectureNames().includes(name)) return;
      const origin = { model_name: 'a-model', hook_name: 'blocks.1.hook_resid_post', context_size: 16 };
      await exported(root, name, fields, origin);
      const told = ask<Told>('saebench.py', join(root, name));
      expect(told.architecture).toBe(called);
      expect(told.sparsity.l0).toBeCloseTo(told.by_hand.l0, 4);
      expect(told.shrinkage.l2_norm_out).toBeCloseTo(told.by_hand.l2_norm_out, 4);
      expect(told.by_hand.l0).toBeGreaterThan(0.5);
      expect(Object.values(told.behaviour).every(Number.isFinite)).toBe(true);
      expect(told.densities).toBe(32);
      expect(Object.keys(told.probing).sort()).toEqual(['high', 'low']);
      for (const accuracy of Object.values(told.probing)) expect(accuracy).toBeGreaterThan(0.6);
    },
  );
});
