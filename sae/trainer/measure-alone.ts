import * as tf from '@tensorflow/tfjs-core';
import { encode } from '#engine/ops';
import type { Batches } from './plan.ts';
import type { Model } from './step.ts';

/** Batches that may be in the pipe and the reader when the steps end. */
const READ_AHEAD = 8;
const ENCODES = 5;

/** The next batch of a stream that does not end. */
export function nextOf(data: Batches): NonNullable<ReturnType<Batches['next']>> {
  const batch = data.next();
  if (!batch) throw new Error('the data ended before the steps did');
  return batch;
}

/**
 * Milliseconds of one dense product [rows, d] × [d, d_sae], whatever the architecture's own encoder does.
 * `inARow`: how many are queued before the device is waited for, which takes longer than one by tensor cores.
 */
export function timeEncode(
  { config }: Model,
  { x, rows }: { x: Float32Array; rows: number },
  d: number,
  inARow: number,
): number {
  const W = tf.fill([d, config.d_sae], 0.1);
  const input = tf.tensor2d(x, [rows, d]);
  const times = Array.from({ length: ENCODES }, () => {
    const started = performance.now();
    for (let i = 1; i < inARow; i++) tf.dispose(encode(input, W));
    // Reads one number, so that a GPU has to finish.
    tf.tidy(() => tf.slice(encode(input, W), [0, 0], [1, 1]).dataSync());
    return (performance.now() - started) / inARow;
  });
  tf.dispose([input, W]);
  return median(times);
}

/** Milliseconds until a batch comes, while nothing else computes. */
export function timeSampling(data: Batches, count: number): number {
  for (let i = 0; i < READ_AHEAD; i++) nextOf(data);
  const started = performance.now();
  for (let i = 0; i < count; i++) nextOf(data);
  return (performance.now() - started) / count;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
