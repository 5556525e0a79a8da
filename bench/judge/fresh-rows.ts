import type { Seed } from '../random.ts';
import { Sampler, type SparseRows } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';
import type { Batch } from './answers.ts';

/** Rows of a batch in every evaluation. */
export const EVALUATION_BATCH = 1024;

/** Rows, and the truth about them. */
export interface FreshBatch extends Batch {
  truth: SparseRows;
}

/** The fresh rows of a measurement in batches, with the truth about them, each drawn when it is taken. */
export function* freshRows(world: World, samples: number, seed: Seed): Generator<FreshBatch> {
  const sampler = new Sampler(world, seed, 'eval');
  for (let index = 0; index * EVALUATION_BATCH < samples; index++) {
    const rows = Math.min(EVALUATION_BATCH, samples - index * EVALUATION_BATCH);
    const x = new Float32Array(rows * world.hiddenDim);
    yield { index, rows, x, truth: sampler.sample(index, rows, x) };
  }
}
