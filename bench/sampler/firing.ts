import { KernelMemory } from '../kernel-memory.ts';
import type { Random } from '../random.ts';
import { openKernels, type SamplerKernels } from './kernels.ts';
import { BUCKET, type Plan } from './plan.ts';

/** Rows that pass through the kernels at a time: their arguments stay in the cache. A multiple of 4. */
export const BLOCK = 32;
const QUAD = 4;

/**
 * Computes how likely features are to fire in a block of rows: the copula's factors z, and given them A_i·z
 * - c_i, whose Phi is the probability. Features in buckets are computed all at once (float32). Families
 * (the children of a node, the frequent features) are computed when needed (double precision), on a stack,
 * as the draw descends a tree.
 */
export class Firing {
  /**
   * Arguments of the present block, [BLOCK, buckets, BUCKET], and the largest of each bucket, [BLOCK,
   * buckets].
   */
  readonly args: Float32Array;
  readonly maxima: Float32Array;
  /** Arguments of the families that are being drawn: see `push`. */
  readonly family: Float64Array;
  private readonly kernels: SamplerKernels;
  private readonly pointers: Record<
    'z' | 'loadings' | 'cutoffs' | 'args' | 'maxima' | 'familyLoadings' | 'familyCutoffs' | 'family',
    number
  >;
  private readonly z: Float32Array;
  /** By node: where its family begins in the tables, in quads. */
  private readonly quads: Int32Array;
  private filled = 0;

  constructor(private readonly plan: Plan) {
    const { rank, buckets, childStart } = plan;
    const families = childStart.length - 1;
    this.quads = new Int32Array(families + 1);
    for (let i = 0; i < families; i++) {
      this.quads[i + 1] = this.quads[i] + Math.ceil((childStart[i + 1] - childStart[i]) / QUAD);
    }
    const members = this.quads[families] * QUAD;
    const memory = new KernelMemory();
    this.pointers = {
      z: memory.reserve(BLOCK * rank),
      loadings: memory.reserve(buckets * rank * BUCKET),
      cutoffs: memory.reserve(buckets * BUCKET),
      args: memory.reserve(BLOCK * buckets * BUCKET),
      maxima: memory.reserve(BLOCK * buckets),
      familyLoadings: memory.reserve(members * rank),
      familyCutoffs: memory.reserve(members),
      family: memory.reserve(members * 2),
    };
    this.kernels = openKernels(memory);
    const { pointers } = this;
    this.z = memory.floats(pointers.z, BLOCK * rank);
    this.args = memory.floats(pointers.args, BLOCK * buckets * BUCKET);
    this.maxima = memory.floats(pointers.maxima, BLOCK * buckets);
    this.family = memory.doubles(pointers.family, members);
    const panels = {
      loadings: memory.floats(pointers.loadings, buckets * rank * BUCKET),
      cutoffs: memory.floats(pointers.cutoffs, buckets * BUCKET),
    };
    plan.top.forEach((feature, position) => {
      this.lay(feature, position, BUCKET, panels);
    });
    const family = {
      loadings: memory.floats(pointers.familyLoadings, members * rank),
      cutoffs: memory.floats(pointers.familyCutoffs, members),
    };
    for (let i = 0; i < families; i++) {
      for (let at = childStart[i]; at < childStart[i + 1]; at++) {
        this.lay(plan.childList[at], this.quads[i] * QUAD + at - childStart[i], QUAD, family);
      }
    }
  }

  /** Stores a feature's coefficients at their position: panels of `width` features, [panel][rank][width]. */
  private lay(
    feature: number,
    position: number,
    width: number,
    to: { loadings: Float32Array; cutoffs: Float32Array },
  ): void {
    const { rank, loadings, cutoffs } = this.plan;
    if (feature < 0 || feature >= cutoffs.length) {
      // A place that only fills up a bucket, or an organisational node, must never fire.
      to.cutoffs[position] = 1e30;
      return;
    }
    to.cutoffs[position] = cutoffs[feature];
    const panel = Math.floor(position / width) * rank * width + (position % width);
    for (let k = 0; k < rank; k++) to.loadings[panel + k * width] = loadings[feature * rank + k];
  }

  /** Draws the factors of a block and computes the arguments of its buckets. */
  draw(rows: number, random: Random): void {
    const { z, plan, pointers } = this;
    for (let i = 0; i < rows * plan.rank; i++) z[i] = random.normal();
    this.kernels.fireArguments(
      pointers.z,
      pointers.loadings,
      pointers.cutoffs,
      pointers.args,
      pointers.maxima,
      Math.ceil(rows / 4) * 4,
      plan.buckets,
      plan.rank,
    );
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
      pointers.z + row * plan.rank * 4,
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
