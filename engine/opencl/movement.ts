import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type OpenClBackend, transpose as transposeInto } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import { broadcastStrides, collapsed, padded, stridesOf } from './strides.ts';

const sizeOf = (x: TensorInfo): number => tf.util.sizeFromShape(x.shape);
const canMove = (x: TensorInfo): boolean => ['float32', 'bool', 'int32'].includes(x.dtype) && sizeOf(x) > 0;

const MOST_DIMENSIONS = 4;

/** Places in an array: where the walk begins, and its stride along each dimension. */
interface Places {
  buffer: DeviceBuffer;
  at: number;
  strides: number[];
}

/** Copies a number for each index of `dims`; false where the walk has too many dimensions. */
function copy(backend: OpenClBackend, dims: readonly number[], from: Places, to: Places): boolean {
  const walk = collapsed({ dims: [...dims], strides: [from.strides, to.strides] });
  if (walk.dims.length > MOST_DIMENSIONS) return false;
  const size = tf.util.sizeFromShape([...dims]);
  const [, d1, d2, d3] = padded(walk.dims, MOST_DIMENSIONS, 1);
  const [reads, writes] = walk.strides.map((own) => padded(own, MOST_DIMENSIONS, 0));
  const args = [from.buffer, to.buffer, size, d1, d2, d3, from.at, ...reads, to.at, ...writes];
  backend.device.each('movement', 'copy_strided', size, args);
  return true;
}

/** A new tensor read in strides; null where the cpu backend must do it. */
function strided(
  x: TensorInfo,
  shape: readonly number[],
  dims: readonly number[],
  at: number,
  strides: number[],
  backend: OpenClBackend,
): TensorInfo | null {
  if (!canMove(x) || tf.util.sizeFromShape([...shape]) === 0) return null;
  const out = backend.make(shape, x.dtype);
  const to = { buffer: backend.buffer(out), at: 0, strides: stridesOf(dims) };
  if (copy(backend, dims, { buffer: backend.buffer(x), at, strides }, to)) return out;
  backend.disposeIntermediateTensorInfo(out);
  return null;
}

/** A tensor broadcast to a shape. */
export const spread = (x: TensorInfo, shape: number[], backend: OpenClBackend): TensorInfo | null =>
  strided(x, shape, shape, 0, broadcastStrides(x.shape, shape), backend);

export function transpose(x: TensorInfo, perm: readonly number[], backend: OpenClBackend): TensorInfo | null {
  const shape = perm.map((axis) => x.shape[axis]);
  if (perm.length === 2 && perm[0] === 1 && canMove(x)) {
    const out = backend.make(shape, x.dtype);
    transposeInto(backend.device, backend.buffer(x), x.shape[0], x.shape[1], backend.buffer(out));
    return out;
  }
  const own = stridesOf(x.shape);
  return strided(
    x,
    shape,
    shape,
    0,
    perm.map((axis) => own[axis]),
    backend,
  );
}

export function slice(
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  backend: OpenClBackend,
): TensorInfo | null {
  const own = stridesOf(x.shape);
  const at = begin.reduce((sum, from, i) => sum + from * own[i], 0);
  return strided(x, size, size, at, own, backend);
}

export function reverse(x: TensorInfo, axes: readonly number[], backend: OpenClBackend): TensorInfo | null {
  const own = stridesOf(x.shape);
  const at = axes.reduce((sum, axis) => sum + (x.shape[axis] - 1) * own[axis], 0);
  const strides = own.map((stride, i) => (axes.includes(i) ? -stride : stride));
  return strided(x, x.shape, x.shape, at, strides, backend);
}

export function tile(x: TensorInfo, reps: readonly number[], backend: OpenClBackend): TensorInfo | null {
  const own = stridesOf(x.shape);
  const shape = x.shape.map((n, i) => n * reps[i]);
  const dims = x.shape.flatMap((n, i) => [reps[i], n]);
  return strided(
    x,
    shape,
    dims,
    0,
    own.flatMap((stride) => [0, stride]),
    backend,
  );
}

export function pad(
  x: TensorInfo,
  paddings: readonly (readonly [number, number])[],
  value: number,
  backend: OpenClBackend,
): TensorInfo | null {
  if (!canMove(x) || x.dtype !== 'float32') return null;
  const shape = x.shape.map((n, i) => n + paddings[i][0] + paddings[i][1]);
  const size = tf.util.sizeFromShape(shape);
  const out = backend.make(shape);
  const into = backend.buffer(out);
  backend.device.each('elementwise', 'fill', size, [into, size, value]);
  const strides = stridesOf(shape);
  const at = strides.reduce((sum, stride, i) => sum + stride * paddings[i][0], 0);
  const from = { buffer: backend.buffer(x), at: 0, strides: stridesOf(x.shape) };
  if (copy(backend, x.shape, from, { buffer: into, at, strides })) return out;
  backend.disposeIntermediateTensorInfo(out);
  return null;
}

/** Several tensors along an axis. */
export function concat(inputs: TensorInfo[], axis: number, backend: OpenClBackend): TensorInfo | null {
  const parts = inputs.filter((x) => sizeOf(x) > 0);
  const [first] = parts;
  if (!first || !parts.every((x) => x.dtype === first.dtype && canMove(x))) return null;
  const shape = tf.backend_util.computeOutShape(
    inputs.map((x) => x.shape),
    axis,
  );
  const out = backend.make(shape, first.dtype);
  const strides = stridesOf(shape);
  let at = 0;
  for (const x of parts) {
    const from = { buffer: backend.buffer(x), at: 0, strides: stridesOf(x.shape) };
    if (!copy(backend, x.shape, from, { buffer: backend.buffer(out), at, strides })) {
      backend.disposeIntermediateTensorInfo(out);
      return null;
    }
    at += x.shape[axis] * strides[axis];
  }
  return out;
}

/** x[..., indices, ...] along an axis. */
export function gather(
  x: TensorInfo,
  indices: TensorInfo,
  axis: number,
  backend: OpenClBackend,
): TensorInfo | null {
  const isFloat = x.dtype === 'float32' && canMove(x);
  if (!isFloat || indices.dtype !== 'int32' || !canMove(indices)) return null;
  const length = x.shape[axis];
  const here = backend.valuesHere(indices) as Int32Array | null;
  // The cpu backend's function says what is wrong with a place that there is not.
  if (here?.some((place) => place < 0 || place >= length)) return null;
  const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const shape = [...before, ...indices.shape, ...behind];
  const out = backend.make(shape);
  const size = sizeOf(out);
  const buffers = [x, indices, out].map((tensor) => backend.buffer(tensor));
  const inner = tf.util.sizeFromShape(behind);
  backend.device.each('movement', 'gather', size, [...buffers, size, length, sizeOf(indices), inner]);
  return out;
}

export function oneHot(
  indices: TensorInfo,
  { depth, onValue, offValue, dtype }: { depth: number; onValue: number; offValue: number; dtype: string },
  backend: OpenClBackend,
): TensorInfo | null {
  if (indices.dtype !== 'int32' || !canMove(indices) || dtype !== 'float32') return null;
  const out = backend.make([...indices.shape, depth]);
  const size = sizeOf(out);
  const buffers = [backend.buffer(indices), backend.buffer(out)];
  backend.device.each('movement', 'one_hot', size, [...buffers, size, depth, onValue, offValue]);
  return out;
}
