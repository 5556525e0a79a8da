import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { unary } from './elementwise.ts';

/** The kernels of reductions.cl. */
type Join = 'sum' | 'max' | 'min';

/** A sum over all numbers is made of this many parts at most, each of at least so many numbers. */
const MOST_PARTS = 1024;
const LEAST_PART = 4096;
/** Rows that one work item adds up, where there are many. */
const LEAST_SLICE = 32;
const MOST_SLICES = 32;
/** Rows up to which a matrix is summed in one launch, and columns of a group there, as in reductions.cl. */
const MOST_ROWS_AT_ONCE = 8192;
const LANES_OF_SUM = 16;

/** The reduction over some axes; null where the cpu backend must compute it. */
export function reduce(
  join: Join,
  x: TensorInfo,
  axes: readonly number[],
  keepDims: boolean,
  isMean: boolean,
  backend: OpenClBackend,
): TensorInfo | null {
  if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return null;
  if (axes.length === 0) return unary('identity_of', x, backend);
  const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
  const kept = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  const shape = keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i));
  let from = { buffer: backend.buffer(x), shape: x.shape, own: false };
  const runs = runsOf(axes);
  for (const [i, run] of runs.entries()) {
    const [outer, n, inner] = [
      from.shape.slice(0, run.from),
      from.shape.slice(run.from, run.to),
      from.shape.slice(run.to),
    ].map((dims) => tf.util.sizeFromShape(dims));
    const divisor = isMean && i === runs.length - 1 ? count : 1;
    const to = overMiddle(backend.device, join, from.buffer, [outer, n, inner], divisor);
    if (from.own) backend.device.release(from.buffer);
    from = {
      buffer: to,
      shape: from.shape.map((size, axis) => (axis >= run.from && axis < run.to ? 1 : size)),
      own: true,
    };
  }
  return backend.make(shape, 'float32', from.buffer);
}

/** Axes that follow each other, from the last. */
function runsOf(axes: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const axis of [...axes].sort((a, b) => b - a)) {
    const last = runs[runs.length - 1];
    if (last?.from === axis + 1) last.from = axis;
    else runs.push({ from: axis, to: axis + 1 });
  }
  return runs;
}

/** The reduction of [outer, n, inner] to [outer, inner], in a new buffer. */
function overMiddle(
  device: Device,
  join: Join,
  from: DeviceBuffer,
  [outer, n, inner]: readonly number[],
  divisor: number,
): DeviceBuffer {
  if (inner === 1) return outer === 1 ? overAll(device, join, from, n, divisor) : overRows(n, outer, divisor);
  if (join === 'sum' && outer === 1 && n <= MOST_ROWS_AT_ONCE) {
    const out = device.allocate(inner);
    const items = Math.ceil(inner / LANES_OF_SUM) * device.group;
    device.member('reductions', 'sum_of_rows', items, [from, out], [n, inner, divisor]);
    return out;
  }
  const rows = Math.max(LEAST_SLICE, Math.ceil(n / MOST_SLICES));
  const slices = Math.ceil(n / rows);
  const size = outer * inner;
  const parts = device.allocate(slices * size);
  overColumns(from, parts, outer, n, inner, rows, slices === 1 ? divisor : 1);
  if (slices === 1) return parts;
  const out = device.allocate(size);
  overColumns(parts, out, 1, slices, size, slices, divisor);
  device.release(parts);
  return out;

  function overRows(length: number, count: number, by: number): DeviceBuffer {
    const out = device.allocate(count);
    device.rows('reductions', `rows_${join}`, count, [from, out, length * count, length, by]);
    return out;
  }

  function overColumns(
    source: DeviceBuffer,
    to: DeviceBuffer,
    others: number,
    length: number,
    width: number,
    slice: number,
    by: number,
  ): void {
    const range = { global: [others * width, Math.ceil(length / slice)], local: [device.group, 1] };
    device.launch('reductions', `columns_${join}`, range, [source, to, others, length, width, slice, by]);
  }
}

/** The reduction of a whole array, in two passes where it is large. */
function overAll(
  device: Device,
  join: Join,
  from: DeviceBuffer,
  size: number,
  divisor: number,
): DeviceBuffer {
  const out = device.allocate(1);
  const { parts, each } = partsOf(size);
  if (parts === 1) {
    device.rows('reductions', `rows_${join}`, 1, [from, out, size, size, divisor]);
    return out;
  }
  const sums = device.allocate(parts);
  device.rows('reductions', `rows_${join}`, parts, [from, sums, size, each, 1]);
  device.rows('reductions', `rows_${join}`, 1, [sums, out, parts, parts, divisor]);
  device.release(sums);
  return out;
}

/** How an array is divided for a reduction over all of it. */
function partsOf(size: number): { parts: number; each: number } {
  const each = Math.max(LEAST_PART, Math.ceil(size / MOST_PARTS));
  return { parts: Math.ceil(size / each), each };
}

export function softmax(x: TensorInfo, dim: number, backend: OpenClBackend): TensorInfo | null {
  const { length } = x.shape;
  const size = tf.util.sizeFromShape(x.shape);
  if (x.dtype !== 'float32' || size === 0 || (dim !== -1 && dim !== length - 1)) return null;
  const n = x.shape[length - 1];
  const out = backend.make(x.shape);
  backend.device.rows('reductions', 'softmax_rows', size / n, [backend.buffer(x), backend.buffer(out), n]);
  return out;
}
