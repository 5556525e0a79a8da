import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';
import { FLAT, isFloat, MIN_SIZE, sizeOf, type Walk, walkOf } from './broadcast.ts';

/*
 * tfjs' arithmetic on float32 tensors of at least MIN_SIZE numbers. Each function returns the result, or null
 * if the cpu backend must compute it. Names are those of kernels/elementwise.as.
 */

/** The walk over two float tensors; null if the embedded kernels cannot take them. */
function floatWalk(a: TensorInfo, b: TensorInfo): Walk | null {
  if (!isFloat(a) || !isFloat(b)) return null;
  const walk = walkOf(a.shape, b.shape);
  return walk && walk.size >= MIN_SIZE ? walk : null;
}

export function arithmetic(
  name: string,
  a: TensorInfo,
  b: TensorInfo,
  backend: EmbeddedBackend,
): TensorInfo | null {
  const walk = floatWalk(a, b);
  if (!walk) return null;
  const { size, n } = walk;
  const out = backend.make(walk.shape);
  const [x, y, result] = [a, b, out].map((tensor) => backend.numbers(tensor).byteOffset);
  const wide = [walk.a, walk.b].map((operand) => (operand.wide ? 1 : 0));
  const rows = Math.ceil(size / n);
  backend.pool.run(name, rows, n, x, y, result, size, n, 4 * walk.a.row, 4 * walk.b.row, ...wide);
  return out;
}

export function comparison(
  holds: (x: number, y: number) => boolean,
  a: TensorInfo,
  b: TensorInfo,
  backend: EmbeddedBackend,
): TensorInfo | null {
  const walk = floatWalk(a, b);
  if (!walk) return null;
  const [x, y] = [a, b].map((tensor) => backend.numbers(tensor));
  const { size, n } = walk;
  const [xStep, yStep] = [walk.a, walk.b].map((operand) => (operand.wide ? 1 : 0));
  const out = new Uint8Array(size);
  for (let row = 0, at = 0; at < size; row++) {
    let i = row * walk.a.row;
    let j = row * walk.b.row;
    for (const end = Math.min(size, at + n); at < end; at++, i += xStep, j += yStep) {
      out[at] = holds(x[i], y[j]) ? 1 : 0;
    }
  }
  return backend.makeTensorInfo(walk.shape, 'bool', out);
}

export function ofOne(name: string, x: TensorInfo, backend: EmbeddedBackend): TensorInfo | null {
  const size = sizeOf(x);
  if (!isFloat(x) || size < MIN_SIZE) return null;
  const out = backend.make(x.shape);
  const [from, to] = [x, out].map((tensor) => backend.numbers(tensor).byteOffset);
  backend.pool.run(name, Math.ceil(size / FLAT), FLAT, from, to, size, FLAT);
  return out;
}

/**
 * Casts a mask to float32 numbers of its own: tfjs would share the mask's bytes, which kernels would have to
 * convert at every use.
 */
export function cast(x: TensorInfo, dtype: string, backend: EmbeddedBackend): TensorInfo | null {
  if (x.dtype !== 'bool' || dtype !== 'float32' || sizeOf(x) < MIN_SIZE) return null;
  const out = backend.make(x.shape);
  backend.numbers(out).set((backend as MathBackendCPU).data.get(x.dataId).values as Uint8Array);
  return out;
}

export function sumOfAll(inputs: TensorInfo[], backend: EmbeddedBackend): TensorInfo | null {
  if (inputs.length < 2 || sizeOf(inputs[0]) < MIN_SIZE || !inputs.every(isFloat)) return null;
  let total = inputs[0];
  for (const [i, input] of inputs.slice(1).entries()) {
    const next = arithmetic('add', total, input, backend) as TensorInfo;
    if (i > 0) backend.disposeIntermediateTensorInfo(total);
    total = next;
  }
  return total;
}

export function softmax(x: TensorInfo, dim: number, backend: EmbeddedBackend): TensorInfo | null {
  const rank = x.shape.length;
  if (!isFloat(x) || sizeOf(x) < MIN_SIZE || (dim !== -1 && dim !== rank - 1)) return null;
  const n = x.shape[rank - 1];
  const out = backend.make(x.shape);
  const [from, to] = [x, out].map((tensor) => backend.numbers(tensor));
  for (let start = 0; start < from.length; start += n) {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + n; i++) most = Math.max(most, from[i]);
    let sum = 0;
    for (let i = start; i < start + n; i++) sum += to[i] = Math.exp(from[i] - most);
    for (let i = start; i < start + n; i++) to[i] /= sum;
  }
  return out;
}
