import { describe, expect, it } from 'vitest';
import { numbers } from '../golden.ts';
import type { World } from '../world/world.ts';
import { fixture, fixtureWorld } from './testing/fixture-world.ts';
import { type Drawing, samplers } from './testing/samplers.ts';

const ROWS = 1024;
const BATCHES = 120;
const SAMPLES = ROWS * BATCHES;

function statistics(world: World, sampler: Drawing, pairs: readonly [number, number][]) {
  const { numFeatures: n, hiddenDim: d } = world;
  const counts = new Float64Array(n);
  const sums = new Float64Array(n);
  const squares = new Float64Array(n);
  const together = new Float64Array(pairs.length);
  const histogram = new Float64Array(n + 1);
  const meanX = new Float64Array(d);
  const x = new Float32Array(ROWS * d);
  let trace = 0;
  let traceSquare = 0;
  const on = new Uint8Array(n);
  for (let batch = 0; batch < BATCHES; batch++) {
    const { offsets, features, values } = sampler.sample(batch, ROWS, x);
    for (let row = 0; row < ROWS; row++) {
      histogram[offsets[row + 1] - offsets[row]]++;
      for (let e = offsets[row]; e < offsets[row + 1]; e++) {
        on[features[e]] = 1;
        counts[features[e]]++;
        sums[features[e]] += values[e];
        squares[features[e]] += values[e] ** 2;
      }
      pairs.forEach(([a, b], i) => {
        together[i] += on[a] & on[b];
      });
      for (let e = offsets[row]; e < offsets[row + 1]; e++) on[features[e]] = 0;
      let square = 0;
      for (let k = 0; k < d; k++) {
        const value = x[row * d + k];
        meanX[k] += value / SAMPLES;
        square += value * value;
      }
      trace += square / SAMPLES;
      traceSquare += square ** 2 / SAMPLES;
    }
  }
  return {
    counts,
    sums,
    squares,
    together,
    histogram,
    meanX,
    trace,
    traceSe: Math.sqrt((traceSquare - trace ** 2) / SAMPLES),
  };
}

const rootMeanSquare = (z: number[]): number => Math.sqrt(z.reduce((sum, v) => sum + v * v, 0) / z.length);

/** `errors` standard errors of the root mean square of these z-scores. */
const chance = (z: number[], errors: number): number => errors / Math.sqrt(2 * z.length);

/**
 * z-scores of our rates against the fixture's, with the sampling errors of both. The error uses the pooled
 * rate, so that a rare feature's own count does not set it.
 */
function rateScores(ours: Float64Array, theirs: ArrayLike<number>, theirSamples: number): number[] {
  return [...ours].flatMap((count, i) => {
    const pooled = (count + theirs[i] * theirSamples) / (SAMPLES + theirSamples);
    const se = Math.sqrt(pooled * (1 - pooled) * (1 / SAMPLES + 1 / theirSamples));
    return pooled * SAMPLES < 5 ? [] : [(count / SAMPLES - theirs[i]) / se];
  });
}

describe.each(samplers)('the sampler $where against samples of the reference', ({ open, missing }) => {
  it.skipIf(missing !== null).each(fixture.variants.map((v) => [v.scale_children_by_parent, v] as const))(
    'scaling %s',
    (scaling, v) => {
      const world = fixtureWorld(scaling);
      const ours = statistics(world, open(world, 1), v.pairs);
      const rates = rateScores(ours.counts, numbers(v.firing_rate), v.num_samples);
      expect(rates.length).toBeGreaterThan(world.numFeatures / 3);
      expect(Math.abs(rootMeanSquare(rates) - 1)).toBeLessThan(Math.max(0.1, chance(rates, 2)));
      expect(Math.max(...rates.map(Math.abs))).toBeLessThan(5);

      const pairs = rateScores(ours.together, numbers(v.co_firing_rate), v.num_samples);
      expect(rootMeanSquare(pairs)).toBeLessThan(1 + chance(pairs, 3.5));
      expect(Math.max(...pairs.map(Math.abs))).toBeLessThan(4.5);

      const magnitudes = v.magnitude.features.flatMap((i, at) => {
        const theirCount = Number(v.magnitude.count.data[at]);
        const std = Number(v.magnitude.std_when_active.data[at]);
        if (ours.counts[i] < 30 || theirCount < 30 || std === 0) return [];
        const difference = ours.sums[i] / ours.counts[i] - Number(v.magnitude.mean_when_active.data[at]);
        return [difference / (std * Math.sqrt(1 / ours.counts[i] + 1 / theirCount))];
      });
      expect(magnitudes.length).toBeGreaterThan(v.magnitude.features.length / 2);
      expect(rootMeanSquare(magnitudes)).toBeLessThan(1 + chance(magnitudes, 3.5));
      expect(Math.max(...magnitudes.map(Math.abs))).toBeLessThan(5);

      // Chi-square over bins of L0 with enough counts; its mean is the degrees of freedom, its variance twice
      // that.
      const theirs = numbers(v.l0_histogram);
      let chi = 0;
      let degrees = 0;
      theirs.forEach((share, l0) => {
        const pooled = (ours.histogram[l0] + share * v.num_samples) / (SAMPLES + v.num_samples);
        if (pooled * SAMPLES < 10) return;
        chi += (ours.histogram[l0] / SAMPLES - share) ** 2 / (pooled * (1 / SAMPLES + 1 / v.num_samples));
        degrees++;
      });
      expect((chi - degrees) / Math.sqrt(2 * degrees)).toBeLessThan(4.5);

      const l0 = ours.counts.reduce((a, b) => a + b) / SAMPLES;
      expect(Math.abs(l0 - v.l0_mean)).toBeLessThan(
        4 * Math.hypot(v.l0_mean_se, v.l0_std / Math.sqrt(SAMPLES)),
      );
      expect(Math.abs(ours.trace - v.second_moment_trace)).toBeLessThan(
        4 * Math.hypot(ours.traceSe, v.second_moment_trace_se),
      );
      const spread = Math.sqrt(v.second_moment_trace / world.hiddenDim);
      numbers(v.mean_hidden).forEach((mean, k) => {
        expect(Math.abs(ours.meanX[k] - mean)).toBeLessThan(
          6 * spread * Math.sqrt(1 / SAMPLES + 1 / v.num_samples),
        );
      });
    },
  );
});
