import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sampler } from '#bench/sampler/sampler';
import { openWorld } from '#bench/worlds';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { exportCheckpoint } from '#sae/export';
import { architectureNames, loadArchitecture } from '#sae/load';
import { readCheckpoint } from '#sae/trainer/checkpoint';
import { TrainerConfig } from '#sae/trainer/config';
import { train } from '#sae/trainer/train';
import { ask, isHere, why } from './ask.ts';

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
const [ROWS, STEPS, D_SAE] = [256, 60, 32];

const root = mkdtempSync(join(tmpdir(), 'sae-lens-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

/** Trains an architecture for a moment, with a scale of x to fold in, and exports it into `root`. */
async function exported(name: string, fields: object): Promise<string> {
  const architecture = await loadArchitecture(name);
  const { world } = await openWorld('tiny');
  const sampler = new Sampler(world, 0, 'train');
  const x = new Float32Array(ROWS * world.hiddenDim);
  let next = 0;
  const data = {
    header: { d: world.hiddenDim, batchRows: ROWS },
    next() {
      sampler.sample(next, ROWS, x);
      return { x, rows: ROWS, batchIndex: next++ };
    },
  };
  const out = join(root, 'runs', name);
  const sae = architecture.config.parse({ d_in: world.hiddenDim, d_sae: D_SAE, ...fields });
  const trainer = TrainerConfig.parse({
    ...{ lr: 4e-3, dead_feature_window: 20, n_snapshots: 1 },
    ...{ normalize_activations: 'expected_average_only_in', n_batches_for_norm_estimate: 4 },
  });
  const { status } = await train(
    {
      ...{ experiment: name, architectureName: name, architecture, sae, trainer, addons: {}, out },
      ...{ samples: STEPS * ROWS, random: uniform(0), backend: 'embedded', resume: false },
    },
    data,
    new AbortController().signal,
  );
  expect(status).toBe('finished');
  const checkpoint = readCheckpoint(join(out, 'checkpoint.safetensors'));
  return (await exportCheckpoint(checkpoint, architecture, join(root, name))).architecture;
}

describe.skipIf(!isHere)(`what export writes, in SAELens${why}`, () => {
  it('is of every architecture that the workspace ships', () => {
    expect(FORMS.map(([name]) => name).sort()).toEqual(expect.arrayContaining(architectureNames()));
  });

  it('is loaded, and encodes and decodes the same rows to 1e-5', async () => {
    for (const [name, theirs, fields] of FORMS) expect(await exported(name, fields)).toBe(theirs);
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
