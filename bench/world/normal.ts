/**
 * Phi(x), the standard normal distribution function, with good relative accuracy (1e-14) far into the lower
 * tail: probabilities given the copula's factors go down to 1e-8 and below. Source: W. J. Cody, Rational
 * Chebyshev approximations for the error function, Math. Comp. 23 (1969).
 */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

const A = [3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694, 0.18577770618460315];
const B = [23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
const C = [
  0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001, 881.952221241769,
  1712.0476126340707, 2051.0783778260716, 1230.3393547979972, 2.1531153547440383e-8,
];
const D = [
  15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
const P = [
  0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275, 0.0006587491615298378,
  0.016315387137302097,
];
const Q = [
  2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];

/** The complementary error function. */
function erfc(x: number): number {
  const y = Math.abs(x);
  if (y <= 0.46875) return 1 - erfSmall(x);
  // The result is below the smallest double, and Infinity would give NaN.
  if (y > 27) return x < 0 ? 2 : 0;
  let tail: number;
  if (y <= 4) {
    let numerator = C[8] * y;
    let denominator = y;
    for (let i = 0; i < 7; i++) {
      numerator = (numerator + C[i]) * y;
      denominator = (denominator + D[i]) * y;
    }
    tail = (numerator + C[7]) / (denominator + D[7]);
  } else {
    const z = 1 / (y * y);
    let numerator = P[5] * z;
    let denominator = z;
    for (let i = 0; i < 4; i++) {
      numerator = (numerator + P[i]) * z;
      denominator = (denominator + Q[i]) * z;
    }
    tail = (1 / Math.sqrt(Math.PI) - (z * (numerator + P[4])) / (denominator + Q[4])) / y;
  }
  // exp(-y²) in two factors: y² is rounded, its rounded-off part matters for large y.
  const whole = Math.trunc(y * 16) / 16;
  tail *= Math.exp(-whole * whole) * Math.exp(-(y - whole) * (y + whole));
  return x < 0 ? 2 - tail : tail;
}

function erfSmall(x: number): number {
  const z = x * x;
  let numerator = A[4] * z;
  let denominator = z;
  for (let i = 0; i < 3; i++) {
    numerator = (numerator + A[i]) * z;
    denominator = (denominator + B[i]) * z;
  }
  return (x * (numerator + A[3])) / (denominator + B[3]);
}

/**
 * The inverse of Phi on [0, 1], to double precision: a rational start (P. Acklam) and two Halley steps.
 * 0 and 1 give -Infinity and Infinity.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0)) return p === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (p >= 1) return p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  let x = acklam(p);
  for (let i = 0; i < 2; i++) {
    const u = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2);
    x -= u / (1 + (x * u) / 2);
  }
  return x;
}

function acklam(p: number): number {
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
        q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
        1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}

/**
 * The copula's threshold of a firing probability, sqrt(2)·erfinv(1 - 2p). Like the reference, it computes 1
 * - 2p in float32, which changes a rare feature's rate by 1e-4 of itself. p = 1 gives -Infinity: such a
 * feature always fires.
 */
export function firingThreshold(p: number): number {
  const erf = Math.fround(1 - Math.fround(2 * p));
  return -normalQuantile((1 - erf) / 2);
}
