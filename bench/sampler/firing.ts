import { KernelMemory } from '../kernel-memory.ts';
import type { Random } from '../random.ts';
import { familiesOf, QUAD } from './families.ts';
import { openKernels, type SamplerKernels } from './kernels.ts';
import { BUCKET, type Plan } from './plan.ts';
import { type WholeNumbers, wholeNumbersOf, writeFactors } from './whole-numbers.ts';

/** Rows that pass through the kernels at a time: their arguments stay in the cache. A multiple of 4. */
export const BLOCK = 32;

/**
 * Computes how likely features are to fire in a block of rows: the copula's factors z, and given them A_i·z
 * - c_i, whose Phi is the probability. For features in buckets it computes upper bounds all at once
 * (whole-numbers.ts), and the argument of one when it may fire. Families (the children of a node, the
 * frequent features) are computed when needed, on a stack, as the draw descends a tree.
 */
export class Firing {
  /**
   * Arguments of the present block in units, [BLOCK, buckets, BUCKET], and the largest of each bucket,
   * [BLOCK, buckets]. With a row's error added, `unit` times such a number is not below the true argument.
   */
  readonly bounds: Int16Array;
  readonly maxima: Int16Array;
  readonly errors = new Float64Array(BLOCK);
  readonly unit: number;
  /** Arguments of the families that are being drawn: see `push`. */
  readonly family: Float64Array;
  private readonly kernels: SamplerKernels;
  private readonly pointers: Record<
    | 'factorsOfRows'
    | 'factors'
    | 'loadings'
    | 'offsets'
    | 'bounds'
    | 'maxima'
    | 'familyLoadings'
    | 'familyCutoffs'
    | 'family',
    number
  >;
  /** The factors of the present block's rows, float32 numbers in double precision. */
  private readonly z: Float64Array;
  /** The factors as whole numbers, and the coefficients that go with them. */
  private readonly factors: Int16Array;
  private readonly whole: WholeNumbers;
  /** By node: where its family begins in the tables, in quads. */
  private readonly quads: Int32Array;
  private filled = 0;

  constructor(private readonly plan: Plan) {
    const { rank, buckets } = plan;
    this.whole = wholeNumbersOf(plan);
    const { pairs, unit } = this.whole;
    this.unit = unit;
    const families = familiesOf(plan);
    this.quads = families.quads;
    const members = families.cutoffs.length;
    const memory = new KernelMemory();
    this.pointers = {
      factorsOfRows: memory.reserve(BLOCK * rank * 2),
      factors: memory.reserve(BLOCK * pairs),
      loadings: memory.reserve(buckets * pairs * BUCKET),
      offsets: memory.reserve(buckets * BUCKET),
      bounds: memory.reserve((BLOCK * buckets * BUCKET) / 2),
      maxima: memory.reserve((BLOCK * buckets) / 2),
      familyLoadings: memory.reserve(members * rank),
      familyCutoffs: memory.reserve(members),
      family: memory.reserve(members * 2),
    };
    this.kernels = openKernels(memory);
    const { pointers } = this;
    this.z = memory.doubles(pointers.factorsOfRows, BLOCK * rank);
    this.factors = memory.shorts(pointers.factors, BLOCK * pairs * 2);
    this.bounds = memory.shorts(pointers.bounds, BLOCK * buckets * BUCKET);
    this.maxima = memory.shorts(pointers.maxima, BLOCK * buckets);
    this.family = memory.doubles(pointers.family, members);
    memory.shorts(pointers.loadings, this.whole.loadings.length).set(this.whole.loadings);
    memory.ints(pointers.offsets, this.whole.offsets.length).set(this.whole.offsets);
    memory.floats(pointers.familyLoadings, members * rank).set(families.loadings);
    memory.floats(pointers.familyCutoffs, members).set(families.cutoffs);
  }

  /** Draws the factors of a block and computes the bounds of its buckets. */
  draw(rows: number, random: Random): void {
    const { z, plan, pointers, whole, factors } = this;
    for (let i = 0; i < rows * plan.rank; i++) z[i] = Math.fround(random.normal());
    for (let row = 0; row < rows; row++) this.errors[row] = writeFactors(whole, z, row, factors);
    this.kernels.fireBounds(
      pointers.factors,
      pointers.loadings,
      pointers.offsets,
      pointers.bounds,
      pointers.maxima,
      Math.ceil(rows / QUAD) * QUAD,
      plan.buckets,
      whole.pairs,
      whole.shift,
    );
  }

  /** The argument of a feature in a row. */
  argument(row: number, feature: number): number {
    const { rank, loadings, cutoffs } = this.plan;
    let sum = -cutoffs[feature];
    for (let k = 0; k < rank; k++) sum += this.z[row * rank + k] * loadings[feature * rank + k];
    return sum;
  }

  /**
   * Computes the arguments of a node's children in a row and returns where they begin in `family`. Call
   * `pop` when done.
   */
  push(row: number, node: number): number {
    const { pointers, quads, plan } = this;
    const start = this.filled;
    const count = quads[node + 1] - quads[node];
    this.filled += count * QUAD;
    this.kernels.familyArguments(
      pointers.factorsOfRows + row * plan.rank * 8,
      pointers.familyLoadings + quads[node] * QUAD * plan.rank * 4,
      pointers.familyCutoffs + quads[node] * QUAD * 4,
      pointers.family + start * 8,
      count,
      plan.rank,
    );
    return start;
  }

  /** Removes the family that begins at `start`, and those pushed after it. */
  pop(start: number): void {
    this.filled = start;
  }
}
