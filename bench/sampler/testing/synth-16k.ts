import { expect } from 'vitest';
import { buildWorld } from '../../world/build.ts';
import { SYNTH_16K } from '../../world/config.ts';
import type { World } from '../../world/world.ts';
import type { Drawing } from './samplers.ts';

const ROWS = 1024;
/** As many as the tolerances of rates and norms are made for. */
const ALL = 12;

/**
 * Holds L0, rates by depth and norms of a sampler to published and measured values of synth-sae-bench-16k-v1.
 * The directions are random here: orthogonalising them takes a minute and moves none of these numbers beyond
 * the tolerances, which are wider for fewer batches.
 */
export async function holds16k(open: (world: World, seed: number) => Drawing, batches = ALL): Promise<void> {
  const world = await buildWorld({ ...SYNTH_16K, orthogonalization: null });
  const sampler = open(world, 0);
  const wider = Math.sqrt(ALL / batches);
  const d = world.hiddenDim;
  const x = new Float32Array(ROWS * d);
  // Where levels 1, 2, 3 and the flat features begin, and the first 4096 features apart.
  const starts = [0, 128, 640, 2688, 10880, 16384];
  const byGroup = [0, 0, 0, 0, 0];
  let first = 0;
  let norm = 0;
  let square = 0;
  for (let batch = 0; batch < batches; batch++) {
    for (const feature of sampler.sample(batch, ROWS, x).features) {
      byGroup[starts.findIndex((_, i) => feature < starts[i + 1])]++;
      if (feature < 4096) first++;
    }
    for (let row = 0; row < ROWS; row++) {
      const length = x.subarray(row * d, (row + 1) * d).reduce((sum, value) => sum + value * value, 0);
      square += length;
      norm += Math.sqrt(length);
    }
  }
  const n = ROWS * batches;
  const rates = byGroup.map((count) => count / n);
  const l0 = rates.reduce((a, b) => a + b);
  // The std of L0 is 11.7: four standard errors of ours and of the published mean.
  expect(Math.abs(l0 - 34.42)).toBeLessThan(4 * Math.hypot(11.7 / Math.sqrt(n), 0.08));
  for (const [i, rate] of [8.19, 7.3, 7.29, 7.1, 4.54].entries()) {
    expect(Math.abs(rates[i] / rate - 1)).toBeLessThan(0.035 * wider);
  }
  expect(Math.abs(first / n - 25.1)).toBeLessThan(0.5 * wider);
  expect(Math.abs(norm / n - 28.04)).toBeLessThan(0.25 * wider);
  expect(Math.abs(square / n - 812)).toBeLessThan(14 * wider);
}
