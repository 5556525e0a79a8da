import { Sampler } from '#bench/sampler/sampler';
import type { World } from '#bench/world/world';

const BATCH = 1024;

/** What is compared of two samplers; by feature, and by sample. */
export interface Statistics {
  fired: ArrayLike<number>;
  /** Sum of the activations of each feature. */
  values: ArrayLike<number>;
  /** Active features of each sample. */
  l0: ArrayLike<number>;
  /** |x|² of each sample. */
  squares: ArrayLike<number>;
}

/** Statistics of as many samples, in whole batches, drawn here. */
export function drawn(world: World, samples: number): Statistics {
  const batches = Math.ceil(samples / BATCH);
  const sampler = new Sampler(world, 7, 'train');
  const x = new Float32Array(BATCH * world.hiddenDim);
  const [fired, values] = [new Float64Array(world.numFeatures), new Float64Array(world.numFeatures)];
  const [l0, squares] = [new Float64Array(batches * BATCH), new Float64Array(batches * BATCH)];
  for (let index = 0; index < batches; index++) {
    const batch = sampler.sample(index, BATCH, x);
    for (let row = 0; row < BATCH; row++) {
      l0[index * BATCH + row] = batch.offsets[row + 1] - batch.offsets[row];
      for (let j = 0; j < world.hiddenDim; j++)
        squares[index * BATCH + row] += x[row * world.hiddenDim + j] ** 2;
    }
    batch.features.forEach((feature, at) => {
      fired[feature]++;
      values[feature] += batch.values[at];
    });
  }
  return { fired, values, l0, squares };
}

/** Counts below this say nothing by a normal approximation. */
const FEW = 25;

/**
 * How far two samplers are apart, in standard errors of the difference: firing rates of features (root mean
 * square, and the largest), activations of a feature that fires, L0 and |x|² in the mean.
 */
export function apart(a: Statistics, b: Statistics, { stds }: Pick<World, 'stds'>) {
  const rates: number[] = [];
  const magnitudes: number[] = [];
  for (let i = 0; i < a.fired.length; i++) {
    const [m, n] = [a.fired[i], b.fired[i]];
    if (Math.min(m, n) < FEW) continue;
    rates.push((m - n) / Math.sqrt(m + n));
    if (stds[i] > 0)
      magnitudes.push((a.values[i] / m - b.values[i] / n) / (stds[i] * Math.sqrt(1 / m + 1 / n)));
  }
  const square = (zs: number[]) => Math.sqrt(zs.reduce((sum, z) => sum + z * z, 0) / zs.length);
  const largest = (zs: number[]) => Math.max(...zs.map(Math.abs));
  return {
    features: rates.length,
    rates: square(rates),
    largestRate: largest(rates),
    magnitudes: square(magnitudes),
    l0: Math.abs(between(a.l0, b.l0)),
    squares: Math.abs(between(a.squares, b.squares)),
  };
}

/** The difference of two means in its standard errors. */
function between(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [p, q] = [moments(a), moments(b)];
  return (p.mean - q.mean) / Math.sqrt(p.variance / a.length + q.variance / b.length);
}

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return { mean, variance: all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1) };
}
