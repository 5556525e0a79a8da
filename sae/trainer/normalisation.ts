import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import type { Batches } from './plan.ts';
import type { Model } from './step.ts';

/**
 * Reads fresh batches before training. Returns the factor that makes the mean norm of x √d_in: √d_in divided
 * by the mean of the batches' mean norms (SAELens' `expected_average_only_in`). Null if `stop` was asked for
 * before that.
 * @throws UserError if the data end first
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
    if (batch === null)
      throw new UserError(`the data ended during the estimate of the norm, after ${rows} rows`);
    let norms = 0;
    for (let row = 0; row < batch.rows; row++) {
      norms += Math.hypot(...batch.x.subarray(row * d, (row + 1) * d));
    }
    sum += norms / batch.rows;
    rows += batch.rows;
    nextBatch = batch.batchIndex + 1;
    // Lets signals be handled: a thousand batches at full size take half a minute.
    await new Promise((resolve) => setImmediate(resolve));
    if (stop.aborted) return null;
  }
  return { scale: Math.sqrt(d) / (sum / batches), normalisationSamples: rows, nextBatch };
}

/**
 * Folds a factor on x into the model: every weight, buffer and setting is multiplied by scale^power, with the
 * powers of the architecture's `inputScaling`. SAELens folds thresholds too since 6.54.
 * @throws UserError for a weight or buffer that has no power
 */
export function foldScale(model: Model, scale: number): void {
  if (scale === 1) return;
  requirePowers(model);
  const { architecture, config, variables, buffers } = model;
  const { powers, configPowers = {} } = architecture.inputScaling(config);
  for (const [name, variable] of Object.entries(variables)) {
    if (powers[name] !== 0) tf.tidy(() => variable.assign(tf.mul(variable, scale ** powers[name])));
  }
  for (const [name, buffer] of Object.entries(buffers)) {
    buffer.set(buffer.map((value) => value * scale ** powers[name]));
  }
  const changed = Object.entries(configPowers).map(([field, power]) => {
    const value = (config as unknown as Record<string, unknown>)[field];
    return [field, typeof value === 'number' ? value * scale ** power : value];
  });
  model.config = { ...config, ...Object.fromEntries(changed) };
}

/** @throws UserError where the architecture's `inputScaling` leaves a weight or buffer out */
export function requirePowers({ architecture, config, variables, buffers }: Model): void {
  const { powers } = architecture.inputScaling(config);
  const missing = [...Object.keys(variables), ...Object.keys(buffers)].find(
    (name) => typeof powers[name] !== 'number',
  );
  if (missing) {
    throw new UserError(
      `inputScaling has no power for ${missing}; state how it changes when a factor on x is folded into the parameters`,
    );
  }
}
