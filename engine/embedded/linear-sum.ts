import type { TensorInfo } from '@tensorflow/tfjs-core';
import { presentOf } from './holding.ts';

/** Σ_t Σ_g constants[t, g] · weights_g[row] · operand_t[row], where null stands for weights of 1. */
export interface Sum {
  /** Matrices of the sum's shape, or one row for all its rows. */
  operands: readonly TensorInfo[];
  /** A number for each row. */
  weights: readonly (TensorInfo | null)[];
  constants: readonly number[];
}

/** The tensors that a sum reads. */
export const heldBy = ({ operands, weights }: Sum): TensorInfo[] =>
  [...operands, ...weights].filter((tensor) => tensor !== null);

export const alone = (of: TensorInfo): Sum => ({
  operands: [presentOf(of)],
  weights: [null],
  constants: [1],
});

/** The sum of sums, each times a number. Operands and weights are in it once, in the order of their first. */
export function sumOf(parts: readonly (readonly [Sum, number])[]): Sum {
  const operands: TensorInfo[] = [];
  const weights: (TensorInfo | null)[] = [];
  for (const [part] of parts) {
    for (const operand of part.operands) if (placeOf(operands, operand) < 0) operands.push(operand);
    for (const list of part.weights) if (placeOf(weights, list) < 0) weights.push(list);
  }
  const constants = new Array<number>(operands.length * weights.length).fill(0);
  for (const [part, factor] of parts) {
    const kinds = part.weights.map((list) => placeOf(weights, list));
    for (const [t, operand] of part.operands.entries()) {
      const first = weights.length * placeOf(operands, operand);
      for (const [g, kind] of kinds.entries())
        constants[first + kind] += factor * part.constants[t * kinds.length + g];
    }
  }
  return { operands, weights, constants };
}

const placeOf = (list: readonly (TensorInfo | null)[], tensor: TensorInfo | null): number =>
  list.findIndex((other) => other?.dataId === tensor?.dataId);

/** The operands and weights of several sums, and the constants of each in turn. */
export function sideBySide(sums: readonly Sum[]): Sum {
  const { operands, weights } = sumOf(sums.map((sum) => [sum, 1]));
  const none = { operands, weights, constants: operands.flatMap(() => weights.map(() => 0)) };
  const own = sums.map(
    (sum) =>
      sumOf([
        [none, 1],
        [sum, 1],
      ]).constants,
  );
  return { operands, weights, constants: own.flat() };
}
