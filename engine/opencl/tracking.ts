import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import type { Held } from './held.ts';
import type { Marks } from './marks.ts';

/*
 * The numbers that training follows (engine/tracking.ts), on the device: nothing is read back.
 */

/** A number as a kernel takes it: two floats, whose sum has nearly all of its digits. */
function twoFloats(value: number): [number, number] {
  const high = Math.fround(value);
  return [high, value - high];
}

export function trackSmallest(
  averages: Held,
  at: number,
  codes: tf.Tensor,
  rate: number,
  backend: OpenClBackend,
): void {
  const { pattern, values } = backend.nonZeros(codes);
  const args = [...pattern.extent, values, averages.onDevice(), at, ...twoFloats(rate)];
  backend.device.rows('tracking', 'track_smallest', 1, args);
  averages.changed();
}

export function trackRates(averages: Held, codes: tf.Tensor, decay: number, backend: OpenClBackend): void {
  const { pattern, values } = backend.nonZeros(codes);
  const { begins, order } = pattern.byColumn();
  const { columns, rows } = pattern;
  const args = [begins, order, values, columns, rows, averages.onDevice(), ...twoFloats(decay)];
  backend.device.each('tracking', 'track_rates', columns, args);
  averages.changed();
}

export function countSince(since: Held, codes: tf.Tensor, backend: OpenClBackend): void {
  const { pattern, values } = backend.nonZeros(codes);
  const { begins, order } = pattern.byColumn();
  const args = [begins, order, values, pattern.columns, since.onDevice()];
  backend.device.each('tracking', 'count_since', pattern.columns, args);
  since.changed();
}

/** The marks belong to the tidy scope in which this is called. */
export function markAbove(numbers: Held, least: number, backend: OpenClBackend): Marks {
  const [marks, count] = [backend.make([numbers.length], 'int32'), backend.make([])];
  const outs = [backend.buffer(marks), backend.buffer(count)];
  backend.device.rows('tracking', 'mark_above', 1, [numbers.onDevice(), numbers.length, least, ...outs]);
  const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info, backend);
  return { marks: tensor(marks), count: tensor(count) };
}

/** The band of each number by its rank, as a tensor of integers. */
export function bandsByRank(numbers: Held, widths: readonly number[], backend: OpenClBackend): tf.Tensor {
  const bounds = tf.tensor1d(Int32Array.from(widths), 'int32');
  const bands = backend.make([numbers.length], 'int32');
  const args = [numbers.onDevice(), numbers.length, backend.buffer(bounds), widths.length];
  backend.device.each('tracking', 'bands_by_rank', numbers.length, [...args, backend.buffer(bands)]);
  bounds.dispose();
  return tf.engine().makeTensorFromTensorInfo(bands, backend);
}
