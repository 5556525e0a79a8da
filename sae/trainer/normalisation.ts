import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import type { BaseConfig } from '../architecture.ts';
import type { Batches } from './plan.ts';
import type { Model } from './step.ts';

/**
 * Reads fresh batches before training and returns the factor that makes the mean norm of x √d_in: √d_in over the mean
 * of the batches' mean norms (SAELens' `expected_average_only_in`). Null where `stop` came before.
 * @throws UserError when the data end before.
 */
export async function measureScale(
  data: Batches,
  batches: number,
  stop: AbortSignal,
): Promise<{ scale: number; normalisationSamples: number; nextBatch: number | null } | null> {
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
    // Signals get their turn: a thousand batches at full size take half a minute.
    await new Promise((resolve) => setImmediate(resolve));
    if (stop.aborted) return null;
  }
  return { scale: Math.sqrt(d) / (sum / batches), normalisationSamples: rows, nextBatch };
}

/**
 * Puts the factor into model and settings, so that they take x as it is and find the same codes in units of decoder rows
 * of norm 1: W_enc · scale, W_dec and b_dec / scale. Where the decoder encodes (matching pursuit), it keeps its rows: a residual
 * of x is that of scale·x over scale, and so are the codes. Thresholds of what is measured in units of x, decoder norms
 * included, are divided with it; SAELens does so from 6.54 on.
 */
export function foldScale(model: Model, scale: number): void {
  if (scale === 1) return;
  const { variables, buffers } = model;
  const multiply = (name: string, factor: number) => {
    const variable = variables[name];
    if (variable) tf.tidy(() => variable.assign(tf.mul(variable, factor)));
  };
  multiply('b_dec', 1 / scale);
  const settings = model.config as BaseConfig & {
    rescale_acts_by_decoder_norm?: boolean;
    residual_threshold?: number;
  };
  if (variables.W_enc) {
    multiply('W_enc', scale);
    multiply('W_dec', 1 / scale);
  } else if (settings.residual_threshold) {
    model.config = { ...settings, residual_threshold: settings.residual_threshold / scale } as BaseConfig;
  }
  if (!settings.rescale_acts_by_decoder_norm) return;
  for (const name of ['topk_threshold', 'topk_thresholds']) {
    buffers[name]?.set(buffers[name].map((threshold) => threshold / scale));
  }
}
