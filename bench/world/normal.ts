/**
 * Phi(x), the standard normal distribution function, with good relative accuracy (1e-14) far into the lower tail:
 * probabilities given the copula's factors go down to 1e-8 and below.
 * Source: W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969).
 */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

const A = [
  3.1611237438705656, 113.864154151050156, 377.485237685302021, 3209.37758913846947, 0.185777706184603153,
];
const B = [23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062];
const C = [
  0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131, 881.95222124176909,
  1712.04761263407058, 2051.07837782607147, 1230.33935479799725, 2.15311535474403846e-8,
];
const D = [
  15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
  4362.61909014324716, 3439.36767414372164, 1230.33935480374942,
];
const P = [
  0.305326634961232344, 0.360344899949804439, 0.125781726111229246, 0.0160837851487422766,
  6.58749161529837803e-4, 0.0163153871373020978,
];
const Q = [
  2.56852019228982242, 1.87295284992346725, 0.527905102951428412, 0.0605183413124413191,
  0.00233520497626869185,
];

/** The complementary error function. */
export function erfc(x: number): number {
  const y = Math.abs(x);
  if (y <= 0.46875) return 1 - erfSmall(x);
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
 * The copula's threshold of a firing probability, sqrt(2)·erfinv(1 - 2p). The reference forms 1 - 2p in float32,
 * which moves a rare feature's rate by 1e-4 of itself; so do we. p = 1 gives -Infinity: such a feature always fires.
 */
export function firingThreshold(p: number): number {
  const erf = Math.fround(1 - Math.fround(2 * p));
  return -normalQuantile((1 - erf) / 2);
}
