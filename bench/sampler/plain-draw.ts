import { Random } from '../random.ts';
import type { World } from '../world/world.ts';
import { BLOCK, Firing } from './firing.ts';
import { bound, hazard, isBelowPhi, levelAbove } from './phi-grid.ts';
import { BUCKET, type Plan } from './plan.ts';
import type { SparseRows } from './sparse-rows.ts';

/** The draw of the fast sampler in TypeScript. native/draw.h takes the same steps and gives the same bits. */
export class PlainDraw {
  private readonly firing: Firing;
  /** The present block's samples: where each row begins, its features and their values. */
  private readonly offsets = new Uint32Array(BLOCK + 1);
  private readonly features: Uint32Array;
  private readonly values: Float32Array;
  private random = new Random(0, '', 0);
  /** Entries of the present block, and the row that is being drawn. */
  private count = 0;
  private row = 0;

  constructor(
    private readonly world: World,
    private readonly plan: Plan,
  ) {
    this.firing = new Firing(plan);
    this.features = new Uint32Array(BLOCK * world.numFeatures);
    this.values = new Float32Array(BLOCK * world.numFeatures);
  }

  /** Draws that many rows from the numbers of `random`. */
  draw(random: Random, rows: number): SparseRows {
    this.random = random;
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
    return {
      rows,
      offsets,
      features: joined(Uint32Array, features),
      values: joined(Float32Array, values),
    };
  }

  private drawBlock(rows: number): void {
    this.firing.draw(rows, this.random);
    this.count = 0;
    for (this.row = 0; this.row < rows; this.row++) {
      this.offsets[this.row] = this.count;
      this.drawFrequent();
      this.drawBuckets();
      for (const root of this.plan.openRoots) this.descend(root, 0, 0);
    }
    this.offsets[rows] = this.count;
  }

  private drawFrequent(): void {
    const { plan, random, firing } = this;
    const start = plan.childStart[plan.frequent];
    const family = firing.push(this.row, plan.frequent);
    for (let i = start; i < plan.childStart[plan.frequent + 1]; i++) {
      if (random.normal() < firing.family[family + i - start]) this.tryActivate(plan.childList[i]);
    }
    firing.pop(family);
  }

  /**
   * Draws the other roots and flat features of a row. Candidates come at the hazard of their bucket, so one
   * exponential skips all features that do not fire.
   */
  private drawBuckets(): void {
    const { plan, random, row, firing } = this;
    const { bounds, maxima, unit } = firing;
    const error = firing.errors[row];
    let budget = random.exponential();
    for (let bucket = 0; bucket < plan.buckets; bucket++) {
      const at = (row * plan.buckets + bucket) * BUCKET;
      const level = levelAbove(unit * maxima[row * plan.buckets + bucket] + error);
      const rate = hazard[level];
      let member = 0;
      while (member < BUCKET && budget < rate * (BUCKET - member)) {
        member = Math.min(BUCKET - 1, member + Math.floor(budget / rate));
        budget = random.exponential();
        const u = random.uniform() * bound[level];
        const feature = plan.top[bucket * BUCKET + member];
        // Most candidates are refused by the bound of their own argument.
        if (
          u < bound[levelAbove(unit * bounds[at + member] + error)] &&
          isBelowPhi(u, firing.argument(row, feature))
        ) {
          this.tryActivate(feature);
        }
        member++;
      }
      if (member < BUCKET) budget -= rate * (BUCKET - member);
    }
  }

  /**
   * Draws the children of an active node. `value` and `mean` are those of the nearest active feature (mean
   * 0: there is none).
   */
  private descend(node: number, value: number, mean: number): void {
    const { plan, random, firing } = this;
    const exclusive = plan.exclusive[node] === 1;
    const scale = plan.scaling[node] === 1 && mean > 0 ? value / mean : 1;
    let kept = -1;
    let keptMagnitude = 0;
    let rivals = 0;
    const start = plan.childStart[node];
    const family = firing.push(this.row, node);
    for (let i = start; i < plan.childStart[node + 1]; i++) {
      const child = plan.childList[i];
      if (child >= this.world.numFeatures) {
        this.descend(child, value, mean);
        continue;
      }
      // A normal below the argument: probability Phi(argument), without computing Phi.
      if (random.normal() >= firing.family[family + i - start]) continue;
      const magnitude = this.magnitude(child);
      if (magnitude <= 0) continue;
      if (!exclusive) {
        this.activate(child, magnitude * scale);
        continue;
      }
      // One of the rivals stays, each with the same chance: the k-th replaces the one kept so far with
      // probability 1/k.
      rivals++;
      if (rivals === 1 || random.uniform() * rivals < 1) {
        kept = child;
        keptMagnitude = magnitude;
      }
    }
    firing.pop(family);
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
