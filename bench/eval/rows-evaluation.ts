import type { SparseCodes } from '#contract/codes';
import { type Decoder, Reconstruction } from './reconstruction.ts';

/** A latent that fires in a larger share of rows is dense: it says little of any of them. */
const DENSE = 0.1;

/** What can be said of an SAE on rows of which no true features are known. */
export interface RowMetrics extends Record<string, number> {
  explained_variance: number;
  l0: number;
  dead_latents: number;
  /** The share of rows in which the median latent of those that are not dead fires. */
  density: number;
  dense_latents: number;
  shrinkage: number;
}

/** Streaming evaluation of one form of an SAE on rows. */
export class RowsEvaluation {
  samples = 0;
  /** By latent: rows in which it fires. */
  readonly fired: Float64Array;
  private readonly reconstruction: Reconstruction;
  private codes = 0;

  constructor(decoder: Decoder) {
    this.fired = new Float64Array(decoder.weights.length / decoder.bias.length);
    this.reconstruction = new Reconstruction(decoder);
  }

  /** Adds a batch: the activations x [rows, dim] and the SAE's codes. */
  add(x: Float32Array, codes: SparseCodes): void {
    for (let e = 0; e < codes.values.length; e++) {
      if (codes.values[e] === 0) continue;
      this.fired[codes.indices[e]]++;
      this.codes++;
    }
    this.reconstruction.add(x, codes);
    this.samples += codes.rows;
  }

  metrics(): RowMetrics {
    const n = Math.max(1, this.samples);
    const rates = this.fired.map((count) => count / n);
    const alive = rates.filter((rate) => rate > 0).sort();
    return {
      ...this.reconstruction.metrics(),
      l0: this.codes / n,
      dead_latents: rates.length - alive.length,
      density: alive.length === 0 ? 0 : alive[Math.floor(alive.length / 2)],
      dense_latents: alive.filter((rate) => rate > DENSE).length,
    };
  }
}
