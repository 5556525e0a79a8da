import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import type { Batches } from './plan.ts';
import type { Model } from './step.ts';

/**
 * Reads fresh batches before training and returns the factor that makes the mean norm of x √d_in: √d_in over the mean
 * of the batches' mean norms (SAELens' `expected_average_only_in`).
 * @throws UserError when the data end before.
 */
export function measureScale(
  data: Batches,
  batches: number,
): { scale: number; normalisationSamples: number; nextBatch: number | null } {
  const { d } = data.header;
  let sum = 0;
  let rows = 0;
  let nextBatch: number | null = null;
  for (let i = 0; i < batches; i++) {
    const batch = data.next();
    if (batch === null) throw new UserError(`the data ended in the estimate of the norm, after ${rows} rows`);
    let norms = 0;
    for (let row = 0; row < batch.rows; row++) {
      norms += Math.hypot(...batch.x.subarray(row * d, (row + 1) * d));
    }
    sum += norms / batch.rows;
    rows += batch.rows;
    nextBatch = batch.batchIndex + 1;
  }
  return { scale: Math.sqrt(d) / (sum / batches), normalisationSamples: rows, nextBatch };
}

/** Puts the factor into the weights, so that they take x as it is: W_enc · scale, W_dec and b_dec / scale. */
export function foldScale(model: Model, scale: number): void {
  if (scale === 1) return;
  const factors: Record<string, number> = { W_enc: scale, W_dec: 1 / scale, b_dec: 1 / scale };
  for (const [name, factor] of Object.entries(factors)) {
    const variable = model.variables[name];
    if (variable) tf.tidy(() => variable.assign(tf.mul(variable, factor)));
  }
}
