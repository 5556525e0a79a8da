import type { TorchGenerator } from './torch-rng.ts';

/** n random directions in R^d, unit rows, float32 [n, d]. */
export function randomDirections(n: number, d: number, random: TorchGenerator): Float32Array {
  const rows = random.randn(n * d);
  normaliseRows(rows, d);
  return rows;
}

/** A random vector of the given norm (true: 1, false: zeros). */
export function randomBias(d: number, bias: boolean | number, random: TorchGenerator): Float32Array {
  const direction = random.randn(d);
  normaliseRows(direction, d);
  return direction.map((x) => x * Number(bias));
}

/** Divides each row of length d by its norm (at least 1e-8), in place. */
export function normaliseRows(rows: Float32Array | Float64Array, d: number): void {
  for (let start = 0; start < rows.length; start += d) {
    let square = 0;
    for (let k = start; k < start + d; k++) square += rows[k] * rows[k];
    const norm = Math.max(Math.sqrt(square), 1e-8);
    for (let k = start; k < start + d; k++) rows[k] /= norm;
  }
}

export interface Orthogonalisation {
  num_steps: number;
  lr: number;
}

/**
 * Pushes the rows of E [n, d] apart, in place. Runs Adam on sum_{i≠j} (e_i·e_j)² + n·sum_i (|e_i|² - 1)²,
 * with unit rows before and after. The gradient of the first term, 4(EEᵀ - diag)E, is computed as 4(E(EᵀE)
 * - diag·E), which needs d² numbers in place of n².
 */
export function orthogonalise(
  rows: Float32Array,
  d: number,
  { num_steps, lr }: Orthogonalisation,
  onStep: (step: number) => void = () => {},
): void {
  const n = rows.length / d;
  const e = Float64Array.from(rows);
  normaliseRows(e, d);
  const first = new Float64Array(n * d);
  const second = new Float64Array(n * d);
  const gram = new Float64Array(d * d);
  const product = new Float64Array(d);
  for (let step = 1; step <= num_steps; step++) {
    gramOfColumns(e, d, gram);
    const correction1 = 1 - 0.9 ** step;
    const correction2 = Math.sqrt(1 - 0.999 ** step);
    for (let start = 0; start < n * d; start += d) {
      timesGram(e, start, gram, product);
      let square = 0;
      for (let k = start; k < start + d; k++) square += e[k] * e[k];
      const own = 4 * n * (square - 1) - 4 * square;
      for (let k = 0; k < d; k++) {
        const i = start + k;
        const gradient = 4 * product[k] + own * e[i];
        first[i] = 0.9 * first[i] + 0.1 * gradient;
        second[i] = 0.999 * second[i] + 0.001 * gradient * gradient;
        e[i] -= ((lr / correction1) * first[i]) / (Math.sqrt(second[i]) / correction2 + 1e-8);
      }
    }
    onStep(step);
  }
  normaliseRows(e, d);
  rows.set(e);
}

/*
 * Both products sum four columns at a time, in numbers that stay in registers, and each sum in the order of
 * its terms: a world is known by its last bit.
 */

/** A row of E, which begins at `start`, times the gram [d, d]. */
function timesGram(e: Float64Array, start: number, gram: Float64Array, product: Float64Array): void {
  const d = product.length;
  const blocked = d - (d % 4);
  for (let l = 0; l < blocked; l += 4) {
    let [a, b, c, f] = [0, 0, 0, 0];
    for (let k = 0, at = l; k < d; k++, at += d) {
      const value = e[start + k];
      a += value * gram[at];
      b += value * gram[at + 1];
      c += value * gram[at + 2];
      f += value * gram[at + 3];
    }
    product[l] = a;
    product[l + 1] = b;
    product[l + 2] = c;
    product[l + 3] = f;
  }
  for (let l = blocked; l < d; l++) {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += e[start + k] * gram[k * d + l];
    product[l] = sum;
  }
}

/** EᵀE, [d, d]. */
function gramOfColumns(e: Float64Array, d: number, gram: Float64Array): void {
  for (let k = 0; k < d; k++) {
    let l = k;
    for (; l + 4 <= d; l += 4) {
      let [a, b, c, f] = [0, 0, 0, 0];
      for (let start = 0; start < e.length; start += d) {
        const value = e[start + k];
        a += value * e[start + l];
        b += value * e[start + l + 1];
        c += value * e[start + l + 2];
        f += value * e[start + l + 3];
      }
      gram[k * d + l] = a;
      gram[k * d + l + 1] = b;
      gram[k * d + l + 2] = c;
      gram[k * d + l + 3] = f;
    }
    for (; l < d; l++) {
      let sum = 0;
      for (let start = 0; start < e.length; start += d) sum += e[start + k] * e[start + l];
      gram[k * d + l] = sum;
    }
  }
  for (let k = 0; k < d; k++) for (let l = 0; l < k; l++) gram[k * d + l] = gram[l * d + k];
}
