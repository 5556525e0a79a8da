import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { KernelConfig, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { currentForm } from '../operation.ts';
import { type Csr, knownSparse, sparseTensor } from '../sparse.ts';
import type { EmbeddedBackend } from './backend.ts';
import { FLAT, type Walk, walkOf } from './broadcast.ts';
import { multiply } from './gemm.ts';
import { isMatrix, sparseMatMul, transposed } from './matrices.ts';

/** A kernel of ours: the result, or null where the cpu backend's function is to compute it. */
type Kernel = (
  inputs: Record<string, TensorInfo>,
  backend: EmbeddedBackend,
  attrs: NamedAttrMap,
) => TensorInfo | null;

/** Smaller results are computed by the cpu functions: their numbers need not be moved. */
const MIN_SIZE = 64;

/** Registers every kernel of the cpu backend for this one too, and puts ours before those that carry a training step. */
export function registerKernels(backendName: string): void {
  for (const config of tf.getKernelsForBackend('cpu')) {
    const own = kernels[config.kernelName];
    tf.registerKernel({ ...config, backendName, kernelFunc: own ? before(config, own) : config.kernelFunc });
  }
}

function before({ kernelFunc }: KernelConfig, own: Kernel): KernelConfig['kernelFunc'] {
  return (args) =>
    own(
      args.inputs as Record<string, TensorInfo>,
      args.backend as EmbeddedBackend,
      args.attrs as NamedAttrMap,
    ) ?? kernelFunc(args);
}

const kernels: Record<string, Kernel> = {
  Add: ({ a, b }, backend) => (noticesZeros() ? sparseSum(a, b) : null) ?? arithmetic('add', a, b, backend),
  Sub: ({ a, b }, backend) => arithmetic('sub', a, b, backend),
  Multiply: ({ a, b }, backend) => arithmetic('mul', a, b, backend),
  RealDiv: ({ a, b }, backend) => arithmetic('div', a, b, backend),
  Maximum: ({ a, b }, backend) => arithmetic('maximum', a, b, backend),
  Minimum: ({ a, b }, backend) => arithmetic('minimum', a, b, backend),
  SquaredDifference: ({ a, b }, backend) => arithmetic('squaredDifference', a, b, backend),
  Greater: ({ a, b }, backend) => comparison((x, y) => x > y, a, b, backend),
  GreaterEqual: ({ a, b }, backend) => comparison((x, y) => x >= y, a, b, backend),
  Less: ({ a, b }, backend) => comparison((x, y) => x < y, a, b, backend),
  LessEqual: ({ a, b }, backend) => comparison((x, y) => x <= y, a, b, backend),
  Equal: ({ a, b }, backend) => comparison((x, y) => x === y, a, b, backend),
  Neg: ({ x }, backend) => ofOne('neg', x, backend),
  Square: ({ x }, backend) => ofOne('square', x, backend),
  Sqrt: ({ x }, backend) => ofOne('squareRoot', x, backend),
  Abs: ({ x }, backend) => ofOne('abs', x, backend),
  Relu: ({ x }, backend) => ofOne('relu', x, backend),
  Cast: ({ x }, backend, attrs) => cast(x, (attrs as { dtype: string }).dtype, backend),
  AddN: (inputs, backend) => sumOfAll(Object.values(inputs), backend),
  Sum: ({ x }, backend, attrs) => sum(x, attrs as unknown as Reduction, backend, 1),
  Mean: ({ x }, backend, attrs) => {
    const { axis } = attrs as unknown as Reduction;
    const axes = tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape);
    return sum(
      x,
      attrs as unknown as Reduction,
      backend,
      axes.reduce((count, i) => count * x.shape[i], 1),
    );
  },
  Softmax: ({ logits }, backend, attrs) => softmax(logits, (attrs as { dim: number }).dim, backend),
  Transpose: ({ x }, _backend, attrs) =>
    isMatrix(x) && (attrs as { perm: number[] }).perm[0] === 1 ? transposed(x) : null,
  BatchMatMul: ({ a, b }, backend, attrs) => matMul(a, b, attrs as unknown as Transposes, backend),
};

/** The plain form is dense throughout: it is what the named operations are compared with. */
const noticesZeros = () => currentForm() === 'kernels';

const sizeOf = (x: TensorInfo) => tf.util.sizeFromShape(x.shape);
const isFloat = (x: TensorInfo) => x.dtype === 'float32';

/** The walk where both are numbers that a kernel of ours can take. */
function floatWalk(a: TensorInfo, b: TensorInfo): Walk | null {
  if (!isFloat(a) || !isFloat(b)) return null;
  const walk = walkOf(a.shape, b.shape);
  return walk && walk.size >= MIN_SIZE ? walk : null;
}

function arithmetic(name: string, a: TensorInfo, b: TensorInfo, backend: EmbeddedBackend): TensorInfo | null {
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

function comparison(
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

function ofOne(name: string, x: TensorInfo, backend: EmbeddedBackend): TensorInfo | null {
  const size = sizeOf(x);
  if (!isFloat(x) || size < MIN_SIZE) return null;
  const out = backend.make(x.shape);
  const [from, to] = [x, out].map((tensor) => backend.numbers(tensor).byteOffset);
  backend.pool.run(name, Math.ceil(size / FLAT), FLAT, from, to, size, FLAT);
  return out;
}

/** Masks become numbers of their own: tfjs shares the mask's bytes, which kernels would have to convert again and again. */
function cast(x: TensorInfo, dtype: string, backend: EmbeddedBackend): TensorInfo | null {
  if (x.dtype !== 'bool' || dtype !== 'float32' || sizeOf(x) < MIN_SIZE) return null;
  const out = backend.make(x.shape);
  backend.numbers(out).set((backend as MathBackendCPU).data.get(x.dataId).values as Uint8Array);
  return out;
}

function sumOfAll(inputs: TensorInfo[], backend: EmbeddedBackend): TensorInfo | null {
  if (inputs.length < 2 || sizeOf(inputs[0]) < MIN_SIZE || !inputs.every(isFloat)) return null;
  let total = inputs[0];
  for (const [i, input] of inputs.slice(1).entries()) {
    const next = arithmetic('add', total, input, backend) as TensorInfo;
    if (i > 0) backend.disposeIntermediateTensorInfo(total);
    total = next;
  }
  return total;
}

interface Reduction {
  axis: number | number[] | null;
  keepDims: boolean;
}

/** The sum over the last dimensions or over the first, divided by `count`. */
function sum(
  x: TensorInfo,
  { axis, keepDims }: Reduction,
  backend: EmbeddedBackend,
  count: number,
): TensorInfo | null {
  const size = sizeOf(x);
  if (!isFloat(x) || size < MIN_SIZE) return null;
  const { shape } = x;
  const axes = tf.util.parseAxisParam(axis ?? shape.map((_, i) => i), shape);
  const isLast = axes.every((a) => a >= shape.length - axes.length);
  const isFirst = axes.every((a) => a < axes.length);
  if (!isLast && !isFirst) return null;
  const kept = keepDims
    ? shape.map((n, i) => (axes.includes(i) ? 1 : n))
    : shape.filter((_, i) => !axes.includes(i));
  const out = backend.make(kept);
  const [from, to] = [x, out].map((tensor) => backend.numbers(tensor));
  if (axes.length === shape.length) to[0] = total(from, backend);
  else {
    const others = to.length;
    const n = size / others;
    if (isLast) backend.pool.run('sumOfRows', others, n, from.byteOffset, size, n, to.byteOffset);
    else
      backend.pool.run(
        'sumColumns',
        Math.ceil(others / 64),
        64 * n,
        from.byteOffset,
        n,
        others,
        to.byteOffset,
      );
  }
  if (count !== 1) for (let i = 0; i < to.length; i++) to[i] /= count;
  return out;
}

/** The sum of all, of sums of blocks: the same on any number of threads. */
function total(values: Float32Array, { pool, heap }: EmbeddedBackend): number {
  const blocks = Math.ceil(values.length / FLAT);
  const sums = heap.allocate(4 * blocks);
  pool.run('sumOfRows', blocks, FLAT, values.byteOffset, values.length, FLAT, sums);
  let result = 0;
  for (const part of heap.floats(sums, blocks)) result += part;
  heap.release(sums);
  return result;
}

function softmax(x: TensorInfo, dim: number, backend: EmbeddedBackend): TensorInfo | null {
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

interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

function matMul(
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: Transposes,
  backend: EmbeddedBackend,
): TensorInfo | null {
  if (!isMatrix(a) || !isMatrix(b)) return null;
  const sparse = noticesZeros() ? sparseMatMul(a, b, transposeA, transposeB) : null;
  if (sparse) return sparse;
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const n = transposeB ? b.shape[0] : b.shape[1];
  if (m * n * k === 0) return null;
  const out = backend.make([m, n]);
  const [left, right, result] = [a, b, out].map((tensor) => backend.numbers(tensor));
  multiply(backend, left, right, result, { m, n, k, transposeA, transposeB });
  return out;
}

/** The sum of two matrices whose non-zeros are known, by their non-zeros: gradients of codes that come from two places. */
function sparseSum(a: TensorInfo, b: TensorInfo): TensorInfo | null {
  const [x, y] = [knownSparse(a), knownSparse(b)];
  if (!x || !y || !tf.util.arraysEqual(a.shape, b.shape)) return null;
  return sparseTensor(merged(x, y), a.shape[1]);
}

function merged(a: Csr, b: Csr): Csr {
  const most = a.indices.length + b.indices.length;
  const offsets = new Uint32Array(a.rows + 1);
  const indices = new Uint32Array(most);
  const values = new Float32Array(most);
  let count = 0;
  for (let row = 0; row < a.rows; row++) {
    let i = a.offsets[row];
    let j = b.offsets[row];
    const [iEnd, jEnd] = [a.offsets[row + 1], b.offsets[row + 1]];
    while (i < iEnd || j < jEnd) {
      const left = i < iEnd ? a.indices[i] : Number.POSITIVE_INFINITY;
      const right = j < jEnd ? b.indices[j] : Number.POSITIVE_INFINITY;
      indices[count] = Math.min(left, right);
      values[count++] = (left <= right ? a.values[i++] : 0) + (right <= left ? b.values[j++] : 0);
    }
    offsets[row + 1] = count;
  }
  return { rows: a.rows, offsets, indices: indices.slice(0, count), values: values.slice(0, count) };
}
