import type { SparseCodes } from '#contract/codes';
import type { SparseRows } from '../sampler/sampler.ts';
import type { Matching } from './matching.ts';
import { OneToOne } from './one-to-one.ts';
import { type Decoder, Reconstruction } from './reconstruction.ts';

/** Counts of a latent as a detector of its nearest feature, over all samples. */
export interface LatentCounts {
  tp: Float64Array;
  fp: Float64Array;
  fn: Float64Array;
  tn: Float64Array;
}

/** Numbers of a verdict; each is defined where `Evaluation.metrics` computes it. */
export interface Metrics extends Record<string, number> {
  f1: number;
  /** The mean F1 of each latent as a detector of a feature of its own, with a floor for codes. */
  f1_one_to_one: number;
  mcc: number;
  precision: number;
  recall: number;
  accuracy: number;
  uniqueness: number;
  l0: number;
  true_l0: number;
  explained_variance: number;
  dead_latents: number;
  shrinkage: number;
}

/**
 * Streaming evaluation of one form of an SAE against the truth, as SAELens' synthetic evaluation defines
 * it. Memory is O(latents + features), time is in proportion to what fires: no [samples, latents] table
 * exists.
 */
export class Evaluation {
  samples = 0;
  /** By latent: samples in which it fires, and those in which its nearest feature is active as well. */
  readonly fired: Float64Array;
  readonly hits: Float64Array;
  /** By feature: samples in which it is active. */
  readonly active: Float64Array;
  private readonly isActive: Uint8Array;
  private readonly oneToOne: OneToOne;
  private readonly reconstruction: Reconstruction;
  private codes = 0;

  constructor(
    private readonly matching: Matching,
    decoder: Decoder,
    features: number,
  ) {
    this.fired = new Float64Array(matching.best.length);
    this.hits = new Float64Array(matching.best.length);
    this.active = new Float64Array(features);
    // One entry more: no feature, which is never active.
    this.isActive = new Uint8Array(features + 1);
    this.oneToOne = new OneToOne(matching.assigned, features);
    this.reconstruction = new Reconstruction(decoder);
  }

  /** Adds a batch: the active features, the activations x [rows, dim] and the SAE's codes. */
  add(truth: SparseRows, x: Float32Array, codes: SparseCodes): void {
    const { isActive, active } = this;
    for (let row = 0; row < truth.rows; row++) {
      const from = truth.offsets[row];
      const to = truth.offsets[row + 1];
      for (let e = from; e < to; e++) {
        if (truth.values[e] <= 0) continue;
        isActive[truth.features[e]] = 1;
        active[truth.features[e]]++;
      }
      this.classify(codes, row);
      for (let e = from; e < to; e++) isActive[truth.features[e]] = 0;
    }
    this.reconstruction.add(x, codes);
    this.samples += truth.rows;
  }

  private classify(codes: SparseCodes, row: number): void {
    const { best } = this.matching;
    const { oneToOne, isActive } = this;
    for (let e = codes.offsets[row]; e < codes.offsets[row + 1]; e++) {
      // A latent fires where its code is not 0; AbsTopK's codes may also be negative.
      if (codes.values[e] === 0) continue;
      const latent = codes.indices[e];
      this.codes++;
      this.fired[latent]++;
      this.hits[latent] += isActive[best[latent]];
      oneToOne.add(latent, codes.values[e], isActive);
    }
  }

  /** True and false positives and negatives of each latent as a detector of its nearest feature. */
  counts(): LatentCounts {
    const { best } = this.matching;
    const fp = this.fired.map((n, i) => n - this.hits[i]);
    const fn = this.hits.map((n, i) => this.active[best[i]] - n);
    return { tp: this.hits, fp, fn, tn: this.hits.map((tp, i) => this.samples - tp - fp[i] - fn[i]) };
  }

  /** Precision, recall and F1 of each latent, 0 where undefined. */
  scores(): { precision: Float64Array; recall: Float64Array; f1: Float64Array; accuracy: Float64Array } {
    const { tp, fp, fn, tn } = this.counts();
    const precision = tp.map((n, i) => ratio(n, n + fp[i]));
    const recall = tp.map((n, i) => ratio(n, n + fn[i]));
    return {
      precision,
      recall,
      f1: precision.map((p, i) => ratio(2 * p * recall[i], p + recall[i])),
      accuracy: tp.map((n, i) => (n + tn[i]) / Math.max(this.samples, 1e-8)),
    };
  }

  /**
   * The metrics of all samples. Classification metrics are plain means over ALL latents: a dead one counts
   * as 0.
   */
  metrics(): Metrics {
    const { precision, recall, f1, accuracy } = this.scores();
    const n = Math.max(1, this.samples);
    const { explained_variance, shrinkage } = this.reconstruction.metrics();
    return {
      f1: mean(f1),
      f1_one_to_one: this.oneToOne.f1(this.active),
      mcc: this.matching.mcc,
      precision: mean(precision),
      recall: mean(recall),
      accuracy: mean(accuracy),
      uniqueness: this.matching.uniqueness,
      l0: this.codes / n,
      true_l0: this.active.reduce((a, b) => a + b, 0) / n,
      explained_variance,
      dead_latents: this.fired.reduce((dead, count) => dead + Number(count === 0), 0),
      shrinkage,
    };
  }
}

function ratio(a: number, b: number): number {
  return b > 0 ? a / b : 0;
}

function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
