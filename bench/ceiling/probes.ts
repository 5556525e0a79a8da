import { Sampler, type SparseRows } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';

/** Sizes and rates of the fit; the names are those of the protocol that a report states. */
export interface ProbeOptions {
  /** Probes for features 0 .. width - 1. */
  width: number;
  fitSamples: number;
  testSamples: number;
  batch: number;
  learningRate: number;
  seed: number;
}

export interface ProbeScores {
  /** Plain means over all probes, as the benchmark takes means over latents. */
  f1: number;
  precision: number;
  recall: number;
  /** F1 of each feature; 0 where it is undefined. */
  perFeature: number[];
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * How well a supervised linear probe detects each feature from x: P(feature active) = sigmoid(w·u + c) with u
 * = x without the world's bias, scaled to unit mean square per dimension. Fitted by Adam (linear decay to 0,
 * no regulariser) on fresh samples, each seen once; decided at 0.5 on other fresh samples. A reference point
 * for unsupervised detectors, not a bound: the threshold is not tuned for F1, and an encoder that refines its
 * codes is not a linear probe.
 */
export function probeScores(
  world: World,
  options: ProbeOptions,
  onProgress: (done: number, of: number) => void = () => {},
): ProbeScores {
  const { width, fitSamples, testSamples, batch, learningRate, seed } = options;
  const of = fitSamples + testSamples;
  const fit = new Sampler(world, seed, 'probe-fit');
  const test = new Sampler(world, seed, 'probe-test');
  const probes = new Probes(world, width, batch);
  const steps = Math.ceil(fitSamples / batch);
  for (let step = 0, done = 0; step < steps; step++) {
    const rows = Math.min(batch, fitSamples - done);
    probes.read(fit, step, rows);
    probes.learn(learningRate * (1 - step / steps));
    done += rows;
    onProgress(done, of);
  }
  const [hits, claims, present] = [0, 1, 2].map(() => new Float64Array(width));
  for (let index = 0, done = 0; done < testSamples; index++) {
    const rows = Math.min(batch, testSamples - done);
    probes.read(test, index, rows);
    probes.count(hits, claims, present);
    done += rows;
    onProgress(fitSamples + done, of);
  }
  const share = (a: number, b: number): number => (b > 0 ? a / b : 0);
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / width;
  // F1 = 2PR / (P + R) = 2 TP / (claims + present), and 0 where nothing was hit.
  const perFeature = Array.from(hits, (hit, i) => share(2 * hit, claims[i] + present[i]));
  return {
    f1: mean(perFeature),
    precision: mean(hits.map((hit, i) => share(hit, claims[i]))),
    recall: mean(hits.map((hit, i) => share(hit, present[i]))),
    perFeature,
  };
}

/** Logistic regressions side by side on one batch. Matrices are row-major. */
class Probes {
  private readonly d: number;
  private readonly x: Float32Array;
  /** 1 where feature j is active in row r, [width, batch]. */
  private readonly truth: Uint8Array;
  /** [width, batch]; `learn` turns them into errors, probability minus truth. */
  private readonly logits: Float32Array;
  /** One probe per row, its intercept last: [width, d + 1]. Zero at the start. */
  private readonly weights: Float32Array;
  private readonly gradient: Float32Array;
  private readonly first: Float32Array;
  private readonly second: Float32Array;
  private rows = 0;
  private step = 0;
  private scale = 0;

  constructor(
    private readonly world: World,
    private readonly width: number,
    private readonly batch: number,
  ) {
    this.d = world.hiddenDim;
    this.x = new Float32Array(batch * this.d);
    this.truth = new Uint8Array(width * batch);
    this.logits = new Float32Array(width * batch);
    this.weights = new Float32Array(width * (this.d + 1));
    this.gradient = new Float32Array(this.d + 1);
    this.first = new Float32Array(this.weights.length);
    this.second = new Float32Array(this.weights.length);
  }

  /** Draws the sampler's batch of that index and computes the logits. */
  read(sampler: Sampler, index: number, rows: number): void {
    const { x, d, world, truth, batch, width } = this;
    const sample: SparseRows = sampler.sample(index, rows, x);
    this.rows = rows;
    for (let r = 0; r < rows; r++) for (let k = 0; k < d; k++) x[r * d + k] -= world.bias[k];
    if (this.scale === 0) this.scale = unitScale(x.subarray(0, rows * d));
    for (let i = 0; i < rows * d; i++) x[i] *= this.scale;
    truth.fill(0);
    for (let r = 0; r < rows; r++) {
      for (let at = sample.offsets[r]; at < sample.offsets[r + 1]; at++) {
        if (sample.features[at] < width) truth[sample.features[at] * batch + r] = 1;
      }
    }
    if (this.step === 0) this.startIntercepts();
    this.computeLogits();
  }

  /** One step of Adam on the mean logistic loss of the batch. */
  learn(rate: number): void {
    const { d, rows, batch, logits, truth, gradient, weights, first, second } = this;
    this.step++;
    const size = rate / (1 - BETA1 ** this.step);
    const correction = 1 / (1 - BETA2 ** this.step);
    for (let j = 0; j < this.width; j++) {
      for (let r = j * batch; r < j * batch + rows; r++)
        logits[r] = 1 / (1 + Math.exp(-logits[r])) - truth[r];
      this.gradientOf(j);
      for (let k = 0, at = j * (d + 1); k <= d; k++, at++) {
        const g = gradient[k] / rows;
        first[at] += (1 - BETA1) * (g - first[at]);
        second[at] += (1 - BETA2) * (g * g - second[at]);
        weights[at] -= (size * first[at]) / (Math.sqrt(second[at] * correction) + EPSILON);
      }
    }
  }

  /** Adds this batch's true positives, decisions for "active" and active rows of each probe. */
  count(hits: Float64Array, claims: Float64Array, present: Float64Array): void {
    for (let j = 0; j < this.width; j++) {
      for (let r = j * this.batch; r < j * this.batch + this.rows; r++) {
        const claimed = this.logits[r] > 0 ? 1 : 0;
        hits[j] += claimed & this.truth[r];
        claims[j] += claimed;
        present[j] += this.truth[r];
      }
    }
  }

  /**
   * Starts the intercepts at the log-odds of the rates in the first batch. Otherwise rare features spend
   * the fit on their intercepts.
   */
  private startIntercepts(): void {
    const { width, batch, rows, d } = this;
    for (let j = 0; j < width; j++) {
      const active = this.truth.subarray(j * batch, j * batch + rows).reduce((sum, t) => sum + t, 0);
      this.weights[j * (d + 1) + d] = Math.log((active + 0.5) / (rows - active + 0.5));
    }
  }

  /** Takes four rows at a time: one read of a weight serves four products. */
  private computeLogits(): void {
    const { d, rows, batch, x, weights, logits } = this;
    for (let j = 0; j < this.width; j++) {
      const w = j * (d + 1);
      const out = j * batch;
      let r = 0;
      for (; r + 3 < rows; r += 4) {
        const row = r * d;
        let s0 = weights[w + d];
        let s1 = s0;
        let s2 = s0;
        let s3 = s0;
        for (let k = 0; k < d; k++) {
          const weight = weights[w + k];
          s0 += weight * x[row + k];
          s1 += weight * x[row + d + k];
          s2 += weight * x[row + 2 * d + k];
          s3 += weight * x[row + 3 * d + k];
        }
        logits[out + r] = s0;
        logits[out + r + 1] = s1;
        logits[out + r + 2] = s2;
        logits[out + r + 3] = s3;
      }
      for (; r < rows; r++) {
        let sum = weights[w + d];
        for (let k = 0; k < d; k++) sum += weights[w + k] * x[r * d + k];
        logits[out + r] = sum;
      }
    }
  }

  private gradientOf(j: number): void {
    const { d, rows, batch, x, gradient, logits: errors } = this;
    gradient.fill(0);
    const at = j * batch;
    let r = 0;
    for (; r + 3 < rows; r += 4) {
      const row = r * d;
      const e0 = errors[at + r];
      const e1 = errors[at + r + 1];
      const e2 = errors[at + r + 2];
      const e3 = errors[at + r + 3];
      for (let k = 0; k < d; k++) {
        gradient[k] +=
          e0 * x[row + k] + e1 * x[row + d + k] + e2 * x[row + 2 * d + k] + e3 * x[row + 3 * d + k];
      }
      gradient[d] += e0 + e1 + e2 + e3;
    }
    for (; r < rows; r++) {
      for (let k = 0; k < d; k++) gradient[k] += errors[at + r] * x[r * d + k];
      gradient[d] += errors[at + r];
    }
  }
}

/** The factor that makes the mean square 1; 1 where all numbers are 0. */
function unitScale(x: Float32Array): number {
  let squares = 0;
  for (const value of x) squares += value * value;
  return squares > 0 ? Math.sqrt(x.length / squares) : 1;
}
