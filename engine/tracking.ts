import type * as tf from '@tensorflow/tfjs-core';
import type { Csr } from './csr.ts';
import { openClBackend } from './opencl/backend.ts';
import { Held, heldOf } from './opencl/held.ts';
import { marksOf, shown } from './opencl/marks.ts';
import * as device from './opencl/tracking.ts';
import { currentForm } from './operation.ts';
import { csrOf } from './sparse.ts';

/*
 * Numbers that training follows beside its gradients: averages, frequencies, counters. On a device they are
 * updated there, and read back only when code looks at them.
 */

const onDevice = (array: Float64Array) => {
  const backend = openClBackend();
  const held = backend && currentForm() === 'device' ? heldOf(array) : null;
  return backend && held ? { backend, held } : null;
};

/**
 * The array itself; on a device one that shows numbers there. Reading an element of it waits for the device
 * if they were changed there, so code of a training step should leave them to the functions below.
 */
export function held(values: Float64Array): Float64Array {
  const backend = openClBackend();
  return backend && currentForm() === 'device' ? new Held(backend.device, values).array : values;
}

/** Whether an array is one of a device. */
export const isHeld = (values: Float64Array): boolean => onDevice(values) !== null;

/**
 * Moves averages[i] by `rate` towards the smallest positive number of the i-th codes [batch, d_sae]. Nothing
 * changes where none is positive.
 */
export function trackSmallest(averages: Float64Array, codes: readonly tf.Tensor[], rate: number): void {
  const there = onDevice(averages);
  if (there) {
    device.trackSmallest(there.held, codes, rate, there.backend);
    return;
  }
  for (const [at, one] of codes.entries()) {
    let smallest = Number.POSITIVE_INFINITY;
    const { values } = csrOf(one);
    for (let i = 0; i < values.length; i++) if (values[i] > 0 && values[i] < smallest) smallest = values[i];
    if (smallest < Number.POSITIVE_INFINITY) averages[at] = (1 - rate) * averages[at] + rate * smallest;
  }
}

/**
 * Moves averages[i] towards the share of the rows of codes [batch, d_sae] in which column i is not 0. A
 * negative average means that nothing was counted yet: the first batch sets it.
 */
export function trackRates(averages: Float64Array, codes: tf.Tensor, decay: number): void {
  const there = onDevice(averages);
  if (there) {
    device.trackRates(there.held, codes, decay, there.backend);
    return;
  }
  const { indices, values, rows } = csrOf(codes);
  const counts = new Float64Array(averages.length);
  for (let at = 0; at < indices.length; at++) if (values[at] !== 0) counts[indices[at]]++;
  for (let i = 0; i < counts.length; i++) {
    const rate = counts[i] / rows;
    averages[i] = averages[i] < 0 ? rate : decay * averages[i] + (1 - decay) * rate;
  }
}

/** Adds 1 to each of `since`, and sets those of the columns to 0 that have a number other than 0. */
export function countSince(since: Float64Array, codes: tf.Tensor | Csr): void {
  const there = 'shape' in codes ? onDevice(since) : null;
  if (there) {
    device.countSince(there.held, codes as tf.Tensor, there.backend);
    return;
  }
  const { indices, values } = 'shape' in codes ? csrOf(codes) : codes;
  for (let i = 0; i < since.length; i++) since[i]++;
  for (let at = 0; at < indices.length; at++) if (values[at] !== 0) since[indices[at]] = 0;
}

/** 1 for each number above `least`. On a device they stay there, and last as long as the tidy scope. */
export function markAbove(numbers: Float64Array, least: number): Uint8Array {
  const there = onDevice(numbers);
  if (there) return shown(device.markAbove(there.held, least, there.backend));
  return Uint8Array.from(numbers, (value) => (value > least ? 1 : 0));
}

/** How many are marked, as a scalar of the device; null for marks of this process. */
export const countOnDevice = (marks: Uint8Array): tf.Tensor | null => marksOf(marks)?.count ?? null;

/**
 * The band of each number by its rank, the largest first and the lower index first among equals: band j has
 * the ranks from widths[j - 1] to below widths[j]. Null for numbers of this process.
 */
export function bandsByRank(numbers: Float64Array, widths: readonly number[]): Uint8Array | null {
  const there = onDevice(numbers);
  return there && shown({ marks: device.bandsByRank(there.held, widths, there.backend), count: null });
}
