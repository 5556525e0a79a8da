/** Rows in which some of the features are not 0, in compressed sparse rows. */
export interface Design {
  /** One entry more than rows. */
  offsets: Uint32Array;
  features: Uint8Array;
  values: Float64Array;
  /** By row: 1 where it has the label. */
  positive: Uint8Array;
}

/** How many rows have no feature that is not 0, by whether they have the label. */
export interface Rest {
  positives: number;
  negatives: number;
}

export interface Logistic {
  weights: Float64Array;
  intercept: number;
}

const MOST_STEPS = 100;
/** The fit ends where no part of the gradient is larger than this share of a row. */
const SMALL = 1e-9;

/**
 * Logistic regression with the penalty |weights|²/2 (scikit-learn's with C = 1), by Newton's method with
 * halved steps. Both kinds of rows must be there.
 */
export function fitLogistic(design: Design, rest: Rest, features: number): Logistic {
  const size = features + 1;
  const rows = design.positive.length + rest.positives + rest.negatives;
  const positives = design.positive.reduce((sum, each) => sum + each, rest.positives);
  // Where all weights are 0, this intercept is the best one.
  let at = new Float64Array(size);
  at[features] = Math.log(positives / (rows - positives));
  let here = pass(design, rest, at);
  for (let step = 0; step < MOST_STEPS; step++) {
    if (here.gradient.every((part) => Math.abs(part) <= SMALL * rows)) break;
    const direction = solve(here.hessian, here.gradient);
    let next = at;
    let there = here;
    for (let share = 1; share > 1e-6 && !(there.loss < here.loss); share /= 2) {
      const length = share;
      next = at.map((value, i) => value - length * direction[i]);
      there = pass(design, rest, next);
    }
    if (!(there.loss < here.loss)) break;
    at = next;
    here = there;
  }
  return { weights: at.slice(0, features), intercept: at[features] };
}

/** The score of a row of a design: the logarithm of its odds. */
export function scoreOf({ offsets, features, values }: Design, row: number, at: Float64Array): number {
  let score = at[at.length - 1];
  for (let e = offsets[row]; e < offsets[row + 1]; e++) score += at[features[e]] * values[e];
  return score;
}

/** log(1 + exp(score)) without overflow. */
const softplus = (score: number): number => Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

/** The loss at `at`, its gradient, and the lower half of its second derivatives. */
interface Pass {
  loss: number;
  gradient: Float64Array;
  hessian: Float64Array;
}

/** All three in one pass over the rows: almost every step is taken whole, so none is made in vain. */
function pass(design: Design, rest: Rest, at: Float64Array): Pass {
  const size = at.length;
  const bias = size - 1;
  const gradient = at.slice();
  const hessian = new Float64Array(size * size);
  let loss = rest.positives * softplus(-at[bias]) + rest.negatives * softplus(at[bias]);
  for (let i = 0; i < bias; i++) {
    hessian[i * size + i] = 1;
    loss += (at[i] * at[i]) / 2;
  }
  const p0 = sigmoid(at[bias]);
  const others = rest.positives + rest.negatives;
  let intercept = others * p0 - rest.positives;
  let corner = others * p0 * (1 - p0);
  const { offsets, features, values, positive } = design;
  // The logarithm of a product in the place of a sum of logarithms, which take longer. No factor is above 2.
  let product = 1;
  for (let row = 0, from = 0; row < positive.length; row++) {
    const to = offsets[row + 1];
    let score = at[bias];
    for (let e = from; e < to; e++) score += at[features[e]] * values[e];
    const mark = positive[row];
    // exp(-|score|) does not overflow, and gives both the loss and the probability.
    const small = Math.exp(-Math.abs(score));
    const p = score >= 0 ? 1 / (1 + small) : small / (1 + small);
    const turned = mark === 1 ? -score : score;
    if (turned > 0) loss += turned;
    product *= 1 + small;
    if (product > 1e300) {
      loss += Math.log(product);
      product = 1;
    }
    const error = p - mark;
    const curve = small / ((1 + small) * (1 + small));
    intercept += error;
    corner += curve;
    for (let e = from; e < to; e++) {
      const i = features[e];
      gradient[i] += error * values[e];
      const curved = curve * values[e];
      hessian[bias * size + i] += curved;
      for (let f = from; f <= e; f++) {
        const j = features[f];
        hessian[i > j ? i * size + j : j * size + i] += curved * values[f];
      }
    }
    from = to;
  }
  loss += Math.log(product);
  gradient[bias] = intercept;
  hessian[bias * size + bias] = corner;
  return { loss, gradient, hessian };
}

/** Solves a positive definite system by Cholesky, in place; of the matrix the lower half is read. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const out = right.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      // Where all rows are certain, nothing curves in the intercept but rounding.
      matrix[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / matrix[j * n + j];
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) out[i] -= matrix[i * n + k] * out[k];
    out[i] /= matrix[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) out[i] -= matrix[k * n + i] * out[k];
    out[i] /= matrix[i * n + i];
  }
  return out;
}
