import type { World } from '../../world/world.ts';
import type { SparseRows } from '../sampler.ts';

interface Drawing {
  sample(index: number, rows: number, x?: Float32Array): SparseRows;
}

/** Rows that are drawn of each; their time is a fraction of a second at 16k. */
const ROWS = 2048;
/** Standard errors of a difference that chance does not reach. */
const MOST = 7;

/**
 * Why one sampler draws from another distribution than the other, in one line; null where nothing shows. It
 * compares rows' numbers of active features and squared norms: a driver that computes wrongly shows in them.
 */
export function disagreement(world: World, tried: Drawing, trusted: Drawing): string | null {
  const [ours, theirs] = [tried, trusted].map((drawing) => {
    const x = new Float32Array(ROWS * world.hiddenDim);
    const { offsets } = drawing.sample(0, ROWS, x);
    return {
      'active features': momentsOf((row) => offsets[row + 1] - offsets[row]),
      'squared norm': momentsOf((row) =>
        squareOf(x.subarray(row * world.hiddenDim, (row + 1) * world.hiddenDim)),
      ),
    };
  });
  for (const what of ['active features', 'squared norm'] as const) {
    const [a, b] = [ours[what], theirs[what]];
    const error = Math.sqrt((a.variance + b.variance) / ROWS);
    // Written so that NaN does not pass.
    if (!(Math.abs(a.mean - b.mean) <= MOST * error + 1e-6 * Math.abs(b.mean))) {
      return `its rows have a mean of ${a.mean.toPrecision(5)} (${what}), those of the processor ${b.mean.toPrecision(5)}`;
    }
  }
  return null;
}

function momentsOf(of: (row: number) => number): { mean: number; variance: number } {
  let [sum, squares] = [0, 0];
  for (let row = 0; row < ROWS; row++) {
    const value = of(row);
    sum += value;
    squares += value * value;
  }
  const mean = sum / ROWS;
  return { mean, variance: Math.max(0, squares / ROWS - mean * mean) };
}

const squareOf = (x: Float32Array): number => x.reduce((sum, value) => sum + value * value, 0);
