import type { KernelConfig, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';
import { addRowSums, combination, multiple } from './combination.ts';
import { arithmetic, cast, comparison, ofOne, softmax, sumOfAll } from './elementwise.ts';
import { sumOfProducts } from './later.ts';
import { isMatrix, matMul, sparseSum, type Transposes, transposed } from './matrices.ts';
import { type Reduction, sum } from './reductions.ts';

/** An embedded kernel: returns the result, or null if the cpu backend's function must compute it. */
type Kernel = (
  inputs: Record<string, TensorInfo>,
  backend: EmbeddedBackend,
  attrs: NamedAttrMap,
) => TensorInfo | null;

/**
 * Registers every kernel of the cpu backend for this backend too. Those that take most of a training step
 * first try the embedded kernel.
 */
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
  Add: ({ a, b }, backend) =>
    sparseSum(a, b) ??
    sumOfProducts(a, b, backend) ??
    addRowSums(backend, a, b) ??
    combination(backend, [
      [a, 1],
      [b, 1],
    ]) ??
    arithmetic('add', a, b, backend),
  Sub: ({ a, b }, backend) =>
    combination(backend, [
      [a, 1],
      [b, -1],
    ]) ?? arithmetic('sub', a, b, backend),
  Multiply: ({ a, b }, backend) => multiple(backend, a, b) ?? arithmetic('mul', a, b, backend),
  RealDiv: ({ a, b }, backend) => arithmetic('div', a, b, backend),
  Maximum: ({ a, b }, backend) => arithmetic('maximum', a, b, backend),
  Minimum: ({ a, b }, backend) => arithmetic('minimum', a, b, backend),
  SquaredDifference: ({ a, b }, backend) => arithmetic('squaredDifference', a, b, backend),
  Greater: ({ a, b }, backend) => comparison((x, y) => x > y, a, b, backend),
  GreaterEqual: ({ a, b }, backend) => comparison((x, y) => x >= y, a, b, backend),
  Less: ({ a, b }, backend) => comparison((x, y) => x < y, a, b, backend),
  LessEqual: ({ a, b }, backend) => comparison((x, y) => x <= y, a, b, backend),
  Equal: ({ a, b }, backend) => comparison((x, y) => x === y, a, b, backend),
  Neg: ({ x }, backend) => combination(backend, [[x, -1]]) ?? ofOne('neg', x, backend),
  Square: ({ x }, backend) => ofOne('square', x, backend),
  Sqrt: ({ x }, backend) => ofOne('squareRoot', x, backend),
  Abs: ({ x }, backend) => ofOne('abs', x, backend),
  Relu: ({ x }, backend) => ofOne('relu', x, backend),
  Cast: ({ x }, backend, attrs) => cast(x, (attrs as { dtype: string }).dtype, backend),
  AddN: (inputs, backend) =>
    combination(
      backend,
      Object.values(inputs).map((of) => [of, 1]),
    ) ?? sumOfAll(Object.values(inputs), backend),
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
