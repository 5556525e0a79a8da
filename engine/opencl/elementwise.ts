import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import { spread } from './movement.ts';
import { broadcastStrides, collapsed, padded } from './strides.ts';

const sizeOf = (x: TensorInfo): number => tf.util.sizeFromShape(x.shape);
const isReal = (x: TensorInfo): boolean => x.dtype === 'float32' || x.dtype === 'bool';

/** What the kernels of elementwise.cl walk over at most. */
const MOST_DIMENSIONS = 3;

/** A function of two tensors, broadcast; null where the cpu backend must compute it. */
export function binary(
  name: string,
  a: TensorInfo,
  b: TensorInfo,
  backend: OpenClBackend,
  dtype: 'float32' | 'bool' = 'float32',
): TensorInfo | null {
  if (!isReal(a) || !isReal(b)) return null;
  if (dtype === 'float32' && (a.dtype === 'bool' || b.dtype === 'bool')) return null;
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const size = tf.util.sizeFromShape(shape);
  if (size === 0) return backend.make(shape, dtype);
  const { device } = backend;
  const flat = [a, b].map((x) => (sizeOf(x) === size ? 1 : sizeOf(x) === 1 ? 0 : null));
  if (flat[0] !== null && flat[1] !== null) {
    const out = backend.make(shape, dtype);
    const operands = [a, b].map((x, i) => operand(x, flat[i] as number, backend));
    const [x, y] = operands;
    const args = [x.buffer, y.buffer, backend.buffer(out), size, x.step, y.step, x.value, y.value];
    device.each('elementwise', name, size, args);
    return out;
  }
  const walk = collapsed({ dims: shape, strides: [a, b].map((x) => broadcastStrides(x.shape, shape)) });
  if (walk.dims.length > MOST_DIMENSIONS) return byCopies(name, a, b, shape, backend, dtype);
  const out = backend.make(shape, dtype);
  const [, d1, d2] = padded(walk.dims, MOST_DIMENSIONS, 1);
  const strides = walk.strides.flatMap((own) => padded(own, MOST_DIMENSIONS, 0));
  const buffers = [a, b, out].map((x) => backend.buffer(x));
  device.each('elementwise', `spread_${name}`, size, [...buffers, size, d1, d2, ...strides]);
  return out;
}

/** A number of this process goes with the launch: it needs no buffer of its own. */
function operand(x: TensorInfo, step: number, backend: OpenClBackend) {
  const here = step === 0 ? (backend.valuesHere(x) as tf.TypedArray | null) : null;
  return here ? { buffer: null, step: -1, value: here[0] } : { buffer: backend.buffer(x), step, value: 0 };
}

/** Expands the operands first, where the walk over them has too many dimensions. */
function byCopies(
  name: string,
  a: TensorInfo,
  b: TensorInfo,
  shape: number[],
  backend: OpenClBackend,
  dtype: 'float32' | 'bool',
): TensorInfo | null {
  const full = [a, b].map((x) =>
    sizeOf(x) === tf.util.sizeFromShape(shape) ? x : spread(x, shape, backend),
  );
  const [x, y] = full;
  const out = x && y && binary(name, x, y, backend, dtype);
  for (const [i, copy] of full.entries())
    if (copy && copy !== [a, b][i]) backend.disposeIntermediateTensorInfo(copy);
  return out;
}

/** A function of one tensor with up to two numbers. */
export function unary(
  name: string,
  x: TensorInfo,
  backend: OpenClBackend,
  [p, q]: readonly number[] = [],
): TensorInfo | null {
  if (x.dtype !== 'float32') return null;
  return mapped(name, x, backend, 'float32', [p ?? 0, q ?? 0]);
}

export function logicalNot(x: TensorInfo, backend: OpenClBackend): TensorInfo | null {
  return x.dtype === 'bool' ? mapped('logical_not', x, backend, 'bool', [0, 0]) : null;
}

function mapped(
  name: string,
  x: TensorInfo,
  backend: OpenClBackend,
  dtype: 'float32' | 'bool',
  numbers: readonly number[],
): TensorInfo | null {
  const size = sizeOf(x);
  if (size === 0) return null;
  const out = backend.make(x.shape, dtype);
  backend.device.each('elementwise', name, size, [backend.buffer(x), backend.buffer(out), size, ...numbers]);
  return out;
}

/**
 * The numbers as another type. tfjs would share those of an integer or a boolean with the float that it is
 * cast to, and kernels would take the one for the other.
 */
export function cast(x: TensorInfo, dtype: string, backend: OpenClBackend): TensorInfo | null {
  const size = sizeOf(x);
  if (size === 0 || x.dtype === dtype) return null;
  const from = x.dtype === 'int32' ? 'int' : isReal(x) ? 'float' : null;
  const to = dtype === 'int32' ? 'int' : dtype === 'float32' || dtype === 'bool' ? 'float' : null;
  if (!from || !to || (from === 'int' && dtype === 'bool')) return null;
  if (from === 'float' && to === 'float')
    return mapped(
      dtype === 'bool' ? 'truth' : 'identity_of',
      x,
      backend,
      dtype as 'float32' | 'bool',
      [0, 0],
    );
  const out = backend.make(x.shape, dtype as tf.DataType);
  const name = to === 'int' ? 'to_int' : 'from_int';
  backend.device.each('elementwise', name, size, [backend.buffer(x), backend.buffer(out), size]);
  return out;
}

/** A tensor of one number again and again. */
export function filled(
  shape: readonly number[],
  value: number,
  dtype: string,
  backend: OpenClBackend,
): TensorInfo | null {
  const size = tf.util.sizeFromShape([...shape]);
  if (size === 0 || !['float32', 'bool', 'int32'].includes(dtype)) return null;
  const out = backend.make(shape, dtype as tf.DataType);
  const name = dtype === 'int32' ? 'fill_int' : 'fill';
  const number = dtype === 'bool' ? Number(value !== 0) : value;
  backend.device.each('elementwise', name, size, [backend.buffer(out), size, number]);
  return out;
}

/** Tensors that one launch adds up. */
const ADDENDS = 4;

/** The sum of several tensors of one shape. */
export function sumOfAll(inputs: TensorInfo[], backend: OpenClBackend): TensorInfo | null {
  const { shape } = inputs[0];
  const areAlike = inputs.every((x) => x.dtype === 'float32' && tf.util.arraysEqual(x.shape, shape));
  const size = tf.util.sizeFromShape(shape);
  if (!areAlike || size === 0) return null;
  const out = backend.make(shape);
  const to = backend.buffer(out);
  const all = inputs.map((x) => backend.buffer(x));
  for (let at = 0; at < all.length; ) {
    // From the second launch on, the first addend is the sum so far.
    const sum = at === 0 ? [] : [to];
    const some = [...sum, ...all.slice(at, at + ADDENDS - sum.length)];
    at += some.length - sum.length;
    const addends = Array.from({ length: ADDENDS }, (_, i) => some[i] ?? null);
    backend.device.each('elementwise', 'sum_of', size, [...addends, to, size, some.length]);
  }
  return out;
}

/** Where the condition holds the one, else the other. A condition of rank 1 is of whole rows. */
export function select(
  condition: TensorInfo,
  t: TensorInfo,
  e: TensorInfo,
  backend: OpenClBackend,
): TensorInfo | null {
  const size = sizeOf(t);
  if (condition.dtype !== 'bool' || t.dtype !== 'float32' || e.dtype !== 'float32' || size === 0) return null;
  const out = backend.make(t.shape);
  const buffers = [condition, t, e, out].map((x) => backend.buffer(x));
  backend.device.each('elementwise', 'choose', size, [...buffers, size, size / sizeOf(condition)]);
  return out;
}
