import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
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

/** Lists that a launch takes. */
const LISTS = 4;
/** Work items that count together for one latent, as in tracking.cl. */
const TEAM = 32;

/** Averages from the first on, one for each tensor of codes [batch, d_sae]. */
export function trackSmallest(
  averages: Held,
  codes: readonly tf.Tensor[],
  rate: number,
  backend: OpenClBackend,
): void {
  const { device } = backend;
  const four = (list: readonly DeviceBuffer[]) => Array.from({ length: LISTS }, (_, i) => list[i] ?? null);
  for (let at = 0; at < codes.length; at += LISTS) {
    const lists = codes.slice(at, at + LISTS).map((one) => backend.nonZeros(one));
    const [starts, values] = [lists.map(({ pattern }) => pattern.starts), lists.map((list) => list.values)];
    const state = [lists[0].pattern.rows, averages.onDevice(), at, ...twoFloats(rate)];
    const range = { global: [device.group, lists.length], local: [device.group, 1] };
    device.launch('tracking', 'track_smallest', range, [...four(starts), ...four(values), ...state]);
  }
  averages.changed();
}

export function trackRates(averages: Held, codes: tf.Tensor, decay: number, backend: OpenClBackend): void {
  const { pattern, values } = backend.nonZeros(codes);
  const { begins, order } = pattern.byColumn();
  const { columns, rows } = pattern;
  const args = [begins, order, values, columns, rows, averages.onDevice(), ...twoFloats(decay)];
  backend.device.each('tracking', 'track_rates', columns * TEAM, args);
  averages.changed();
}

export function countSince(since: Held, codes: tf.Tensor, backend: OpenClBackend): void {
  const known = backend.sparse(codes);
  const [rows, columns] = codes.shape as [number, number];
  if (known) {
    const { begins, order } = known.pattern.byColumn();
    const args = [begins, order, known.values, columns, since.onDevice()];
    backend.device.each('tracking', 'count_since', columns * TEAM, args);
  } else {
    const args = [backend.buffer(codes), rows, columns, since.onDevice()];
    backend.device.each('tracking', 'count_since_dense', columns, args);
  }
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
  const all = [...args, backend.buffer(bands)];
  backend.device.each('tracking', 'bands_by_rank', numbers.length * TEAM, all);
  bounds.dispose();
  return tf.engine().makeTensorFromTensorInfo(bands, backend);
}
