import { KernelMemory } from '../kernel-memory.ts';
import { Random } from '../random.ts';
import { normalCdf } from '../world/normal.ts';
import type { World } from '../world/world.ts';
import { openKernels, type SamplerKernels } from './kernels.ts';
import { BUCKET, type Plan, planOf } from './plan.ts';
import { Synthesis } from './synthesis.ts';

/** Which features are active in each row and how strongly: row r holds entries offsets[r] .. offsets[r + 1]. */
export interface SparseRows {
  rows: number;
  offsets: Uint32Array;
  features: Uint32Array;
  values: Float32Array;
}

/** Rows that pass through the kernels at a time: their arguments stay in the cache. A multiple of 4. */
const BLOCK = 32;

/** Bounds for thinning: Phi on a grid, rounded up, and the hazard -log(1 - Phi). */
const GRID_STEP = 1 / 32;
const GRID_LOW = -10;
const GRID_HIGH = 8;
const GRID = Math.round((GRID_HIGH - GRID_LOW) / GRID_STEP);
const bound = Float64Array.from({ length: GRID + 1 }, (_, i) =>
  i === GRID ? 1 : normalCdf(GRID_LOW + i * GRID_STEP),
);
const hazard = bound.map((q) => -Math.log1p(-q));

/**
 * Draws exact samples of a world without touching what does not fire. Given the copula's factors z, features fire
 * independently with Phi(A_i·z - c_i), so roots and flat features are thinned in buckets (candidates at the bucket's
 * largest probability, each kept with its own share), and children are drawn below active parents only. The plain
 * definition that this equals in distribution is `reference.ts`.
 */
export class Sampler {
  private readonly plan: Plan;
  private readonly kernels: SamplerKernels;
  private readonly pointers: Record<'z' | 'loadings' | 'cutoffs' | 'args' | 'maxima', number>;
  private readonly z: Float32Array;
  private readonly args: Float32Array;
  private readonly maxima: Float32Array;
  /** The present block's samples: where each row begins, its features and their values. */
  private readonly offsets = new Uint32Array(BLOCK + 1);
  private readonly features: Uint32Array;
  private readonly values: Float32Array;
  private synthesis: Synthesis | undefined;
  private random = new Random(0, '', 0);
  /** Entries of the present block, and where the present row's factors begin in `z`. */
  private count = 0;
  private zRow = 0;

  /** @param stream names an independent stream of the same seed: 'train', 'eval'. */
  constructor(
    private readonly world: World,
    readonly seed: number,
    readonly stream: string,
  ) {
    const plan = planOf(world);
    const { rank, buckets } = plan;
    this.plan = plan;
    this.features = new Uint32Array(BLOCK * world.numFeatures);
    this.values = new Float32Array(BLOCK * world.numFeatures);
    const memory = new KernelMemory();
    this.pointers = {
      z: memory.reserve(BLOCK * rank),
      loadings: memory.reserve(buckets * rank * BUCKET),
      cutoffs: memory.reserve(buckets * BUCKET),
      args: memory.reserve(BLOCK * buckets * BUCKET),
      maxima: memory.reserve(BLOCK * buckets),
    };
    this.kernels = openKernels(memory);
    const { pointers } = this;
    this.z = memory.floats(pointers.z, BLOCK * rank);
    this.args = memory.floats(pointers.args, BLOCK * buckets * BUCKET);
    this.maxima = memory.floats(pointers.maxima, BLOCK * buckets);
    const cutoffs = memory.floats(pointers.cutoffs, buckets * BUCKET);
    const loadings = memory.floats(pointers.loadings, buckets * rank * BUCKET);
    plan.top.forEach((feature, position) => {
      // A place to fill up a bucket must never fire.
      cutoffs[position] = feature < 0 ? 1e30 : plan.cutoffs[feature];
      if (feature < 0) return;
      const panel = Math.floor(position / BUCKET) * rank * BUCKET + (position % BUCKET);
      for (let k = 0; k < rank; k++) loadings[panel + k * BUCKET] = plan.loadings[feature * rank + k];
    });
  }

  /**
   * The batch of that index, always the same for the same (seed, stream, index, rows). With `x` ([rows, hidden_dim]) the
   * dense activations are written there as well.
   */
  sample(index: number, rows: number, x?: Float32Array): SparseRows {
    this.random = new Random(this.seed, this.stream, index);
    const offsets = new Uint32Array(rows + 1);
    const features: Uint32Array[] = [];
    const values: Float32Array[] = [];
    for (let start = 0; start < rows; start += BLOCK) {
      const inBlock = Math.min(BLOCK, rows - start);
      this.drawBlock(inBlock);
      for (let r = 1; r <= inBlock; r++) offsets[start + r] = offsets[start] + this.offsets[r];
      features.push(this.features.slice(0, this.count));
      values.push(this.values.slice(0, this.count));
    }
    const sparse = {
      rows,
      offsets,
      features: joined(Uint32Array, features),
      values: joined(Float32Array, values),
    };
    if (x) {
      this.synthesis ??= new Synthesis(this.world.featureVectors, this.world.bias);
      this.synthesis.write({ ...sparse, indices: sparse.features }, x);
    }
    return sparse;
  }

  private drawBlock(rows: number): void {
    const { z, plan, pointers, random } = this;
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
    this.count = 0;
    for (let row = 0; row < rows; row++) {
      this.offsets[row] = this.count;
      this.zRow = row * plan.rank;
      this.drawTop(row);
      for (const root of plan.openRoots) this.descend(root, 0, 0);
    }
    this.offsets[rows] = this.count;
  }

  /**
   * Roots and flat features of one row. Candidates come at the hazard of their bucket, so that one exponential skips
   * over all that do not fire.
   */
  private drawTop(row: number): void {
    const { plan, random, args, maxima } = this;
    for (const feature of plan.frequent) {
      if (this.fires(feature)) this.tryActivate(feature);
    }
    let budget = random.exponential();
    for (let bucket = 0; bucket < plan.buckets; bucket++) {
      const at = (row * plan.buckets + bucket) * BUCKET;
      const grid = Math.ceil((maxima[row * plan.buckets + bucket] - GRID_LOW) / GRID_STEP);
      const level = Math.max(0, Math.min(GRID, grid));
      const rate = hazard[level];
      let member = 0;
      while (member < BUCKET && budget < rate * (BUCKET - member)) {
        member = Math.min(BUCKET - 1, member + Math.floor(budget / rate));
        budget = random.exponential();
        if (random.uniform() * bound[level] < normalCdf(args[at + member])) {
          this.tryActivate(plan.top[bucket * BUCKET + member]);
        }
        member++;
      }
      if (member < BUCKET) budget -= rate * (BUCKET - member);
    }
  }

  /** Children of an active node; `value` and `mean` are the nearest active feature's (mean 0: there is none). */
  private descend(node: number, value: number, mean: number): void {
    const { plan, random } = this;
    const exclusive = plan.exclusive[node] === 1;
    const scale = plan.scaling[node] === 1 && mean > 0 ? value / mean : 1;
    let kept = -1;
    let keptMagnitude = 0;
    let rivals = 0;
    for (let i = plan.childStart[node]; i < plan.childStart[node + 1]; i++) {
      const child = plan.childList[i];
      if (child >= this.world.numFeatures) {
        this.descend(child, value, mean);
        continue;
      }
      if (!this.fires(child)) continue;
      const magnitude = this.magnitude(child);
      if (magnitude <= 0) continue;
      if (!exclusive) {
        this.activate(child, magnitude * scale);
        continue;
      }
      // One of the rivals stays, each with the same chance: the k-th replaces the one before it with 1/k.
      rivals++;
      if (rivals === 1 || random.uniform() * rivals < 1) {
        kept = child;
        keptMagnitude = magnitude;
      }
    }
    if (kept >= 0) this.activate(kept, keptMagnitude * scale);
  }

  private tryActivate(feature: number): void {
    const value = this.magnitude(feature);
    if (value > 0) this.activate(feature, value);
  }

  private activate(feature: number, value: number): void {
    this.features[this.count] = feature;
    this.values[this.count++] = value;
    const { childStart } = this.plan;
    if (childStart[feature] !== childStart[feature + 1])
      this.descend(feature, value, this.world.means[feature]);
  }

  private fires(feature: number): boolean {
    const { z, zRow } = this;
    const { rank, loadings, cutoffs } = this.plan;
    let argument = -cutoffs[feature];
    for (let k = 0, at = feature * rank; k < rank; k++, at++) argument += z[zRow + k] * loadings[at];
    // A normal below the argument: probability Phi(argument), without computing Phi.
    return this.random.normal() < argument;
  }

  private magnitude(feature: number): number {
    return this.world.means[feature] + this.world.stds[feature] * this.random.normal();
  }
}

function joined<T extends Uint32Array | Float32Array>(
  kind: new (length: number) => T,
  parts: readonly T[],
): T {
  const out = new kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
