import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { currentForm } from '../operation.ts';
import type { EmbeddedBackend, Later } from './backend.ts';
import { isFloat, sizeOf } from './broadcast.ts';
import { computeSums, squaresOf } from './combination-kernels.ts';
import { hold, letGo, presentOf } from './holding.ts';
import { alone, heldBy, type Sum, sumOf } from './linear-sum.ts';
import { unreadProduct } from './row-product.ts';
import { rowSums, sumOfRowSums } from './row-sums.ts';

/*
 * Linear combinations of matrices and rows, which are computed when their numbers are first read: sums and
 * differences of several tensors are one pass, and what nobody reads is none.
 */

/** Smaller results are computed at once: to note them would take as long. */
const LEAST_SIZE = 1 << 14;
const LEAST_COLUMNS = 16;
/** More would be held for too long. */
const MOST_OPERANDS = 12;

class Combination implements Later {
  constructor(
    private readonly backend: EmbeddedBackend,
    readonly sum: Sum,
    readonly shape: readonly number[],
  ) {
    hold(backend, heldBy(sum));
  }

  compute(out: Float32Array): void {
    computeSums(this.backend, [this.sum], this.shape, [out]);
  }

  release(): void {
    letGo(this.backend, heldBy(this.sum));
  }
}

/** A tensor and the number that it is multiplied by. */
type Summand = readonly [TensorInfo, number];

/** Σ of matrices of one shape and rows, each times a number; null if it must be computed in another way. */
export function combination(backend: EmbeddedBackend, summands: readonly Summand[]): TensorInfo | null {
  const shape = summands.find(([of]) => of.shape.length === 2 && of.shape[0] > 1)?.[0].shape;
  if (!shape || shape[1] < LEAST_COLUMNS || shape[0] * shape[1] < LEAST_SIZE) return null;
  if (currentForm() !== 'kernels' || !summands.every(([of]) => fits(of, shape))) return null;
  const sum = sumOf(summands.map(([of, factor]) => [noted(backend, of), factor]));
  return sum.operands.length > MOST_OPERANDS ? null : later(backend, sum, shape);
}

/** A matrix times a number; null if it must be computed in another way. */
export function multiple(backend: EmbeddedBackend, a: TensorInfo, b: TensorInfo): TensorInfo | null {
  const [of, number] = sizeOf(b) === 1 ? [a, b] : [b, a];
  if (sizeOf(number) !== 1 || number.shape.length > 2 || !isFloat(number)) return null;
  if (sizeOf(of) < LEAST_SIZE) return null;
  const [factor] = backend.data.get(number.dataId).values as Float32Array;
  return combination(backend, [[of, factor]]);
}

/** |a_i - b_i|² of each row, [rows], for pairs of matrices that all have one shape: in one pass. */
export const squaredErrors = (
  backend: EmbeddedBackend,
  pairs: readonly (readonly [TensorInfo, TensorInfo])[],
): TensorInfo[] =>
  squaresOf(
    backend,
    pairs.map(([a, b]) => differenceOf(backend, a, b)),
    pairs[0][0].shape,
  );

/** The gradients of `squaredErrors`: 2 dy_i (a_i - b_i), and the same with the other sign. */
export function errorGradients(
  backend: EmbeddedBackend,
  dy: TensorInfo,
  a: TensorInfo,
  b: TensorInfo,
): TensorInfo[] {
  const { operands, constants } = differenceOf(backend, a, b);
  return [2, -2].map((sign) => {
    const sum = {
      operands,
      weights: [presentOf(dy)],
      constants: constants.map((constant) => sign * constant),
    };
    return later(backend, sum, a.shape);
  });
}

/** The sum over the rows of a combination or a product that was not read yet; null of any other tensor. */
export function sumOfRows(backend: EmbeddedBackend, x: TensorInfo): TensorInfo | null {
  const combined = unread(backend, x);
  if (combined) return rowSums(backend, combined.sum, combined.shape);
  return unreadProduct(backend, x, x.shape) ? rowSums(backend, alone(x), x.shape) : null;
}

/** The sum of two tensors of `sumOfRows` that were not read yet; else null. */
export const addRowSums = (backend: EmbeddedBackend, a: TensorInfo, b: TensorInfo): TensorInfo | null =>
  sumOfRowSums(a, b, backend, MOST_OPERANDS);

/** The numbers of these tensors. Combinations of the same operands are computed in one pass. */
export function numbersOfAll(backend: EmbeddedBackend, tensors: readonly TensorInfo[]): Float32Array[] {
  let rest = [...new Map(tensors.map((tensor) => [tensor.dataId, tensor])).values()].filter((tensor) =>
    unread(backend, tensor),
  );
  while (rest.length > 1) {
    const [first] = rest;
    const group = rest.filter((tensor) => haveSameOperands(backend, first, tensor)).slice(0, MOST_OUTPUTS);
    rest = rest.filter((tensor) => !group.includes(tensor));
    const sums = group.map((tensor) => noted(backend, tensor));
    backend.fill(group, (outs) => computeSums(backend, sums, first.shape, outs));
  }
  return tensors.map((tensor) => backend.numbers(tensor));
}

/** Combinations of one pass: their rows are to stay in the L1 cache. */
const MOST_OUTPUTS = 8;

function haveSameOperands(backend: EmbeddedBackend, a: TensorInfo, b: TensorInfo): boolean {
  const [x, y] = [unread(backend, a)?.sum.operands, unread(backend, b)?.sum.operands];
  if (!x || !y || x.length !== y.length || !tf.util.arraysEqual(a.shape, b.shape)) return false;
  return x.every(({ dataId }) => y.some((other) => other.dataId === dataId));
}

/** Whether it is a matrix of this shape, or a row of it. */
function fits({ dtype, shape: own }: TensorInfo, shape: readonly number[]): boolean {
  if (dtype !== 'float32' || own.at(-1) !== shape[1]) return false;
  return own.length === 1 || (own.length === 2 && (own[0] === shape[0] || own[0] === 1));
}

function later(backend: EmbeddedBackend, sum: Sum, shape: readonly number[]): TensorInfo {
  return backend.makeLater(shape, new Combination(backend, sum, shape));
}

/** A reshaped tensor shares its data, so the shape must be that of the combination. */
function unread(backend: EmbeddedBackend, tensor: TensorInfo): Combination | null {
  const found = backend.laterOf(tensor);
  if (!(found instanceof Combination)) return null;
  return tf.util.arraysEqual(tensor.shape, found.shape as number[]) ? found : null;
}

const noted = (backend: EmbeddedBackend, of: TensorInfo): Sum => unread(backend, of)?.sum ?? alone(of);

/** a - b, with the same factors for all rows. */
function differenceOf(backend: EmbeddedBackend, a: TensorInfo, b: TensorInfo): Sum {
  const [x, y] = [a, b].map((of) => {
    const sum = noted(backend, of);
    return sum.weights.some((list) => list) ? alone(of) : sum;
  });
  return sumOf([
    [x, 1],
    [y, -1],
  ]);
}
