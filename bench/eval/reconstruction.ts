import type { SparseCodes } from '#contract/codes';
import { Synthesis } from '../sampler/synthesis.ts';
import { compareRows, SUMS } from './compare-rows.ts';
import { type RowNorm, restoreRows } from './row-norm.ts';

export interface Decoder {
  /** [latents, dim], one latent a row. */
  weights: Float32Array;
  bias: Float32Array;
  /** Set where the encoder normalises each row: the reconstruction is then restored with the scale of x. */
  rowNorm?: RowNorm;
}

const TINY_NORM = 1e-6;
const TINY_VARIANCE = 1e-10;

/** How well codes give back the rows that they stand for, over all rows. */
export class Reconstruction {
  private readonly dim: number;
  private readonly sumX: Float64Array;
  private readonly synthesis: Synthesis;
  private output = new Float32Array();
  private sums = new Float64Array();
  private rows = 0;
  private sumSquare = 0;
  private sumError = 0;
  private sumRatio = 0;
  private ratios = 0;

  constructor(private readonly decoder: Decoder) {
    this.dim = decoder.bias.length;
    this.sumX = new Float64Array(this.dim);
    this.synthesis = new Synthesis(decoder.weights, decoder.bias);
  }

  /** Adds a batch: the activations x [rows, dim] and the SAE's codes. */
  add(x: Float32Array, codes: SparseCodes): void {
    if (this.output.length < x.length) this.output = new Float32Array(x.length);
    this.synthesis.write(codes, this.output);
    const { rowNorm } = this.decoder;
    if (rowNorm) restoreRows(rowNorm, x, this.output, this.dim);
    this.compare(x, codes.rows);
    this.rows += codes.rows;
  }

  /** Adds the statistics of x and its reconstruction (`output`). */
  private compare(x: Float32Array, rows: number): void {
    if (this.sums.length < rows * SUMS) this.sums = new Float64Array(rows * SUMS);
    const { sums } = this;
    compareRows(x, this.output, this.sumX, sums, rows);
    for (let at = 0; at < rows * SUMS; at += SUMS) {
      const [square, error, norm] = [sums[at], sums[at + 1], sums[at + 2]];
      this.sumSquare += square;
      this.sumError += error;
      if (Math.sqrt(square) > TINY_NORM) {
        this.sumRatio += Math.sqrt(norm / square);
        this.ratios++;
      }
    }
  }

  metrics(): { explained_variance: number; shrinkage: number } {
    const n = Math.max(1, this.rows);
    const variance = this.sumSquare / n - this.sumX.reduce((sum, x) => sum + (x / n) ** 2, 0);
    const explained =
      variance < TINY_VARIANCE ? Number(this.sumError < TINY_VARIANCE) : 1 - this.sumError / n / variance;
    return {
      explained_variance: explained,
      shrinkage: this.ratios > 0 ? this.sumRatio / this.ratios : 0,
    };
  }
}
