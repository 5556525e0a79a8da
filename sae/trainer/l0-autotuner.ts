/** By SAELens' names. */
export interface AutotunerSettings {
  /** L0 to reach. */
  target_l0: number;
  /** First step at which the multiplier changes. */
  start_step: number;
  /** Decay of the exponential average of the L0. */
  smoothing_factor: number;
  /** Decay of the exponential average of the L0's change. */
  rate_smoothing_factor: number;
  /** Largest relative change of the multiplier in a step. */
  integral_gain: number;
  /** Least multiplier. */
  min_multiplier: number;
  /** Greatest multiplier. */
  max_multiplier: number;
  /** Error of the L0 up to which the multiplier stays. */
  deadband: number;
  /** Factor on the relative error inside the tanh. */
  gain_scale: number;
  /** Factor on the change while the L0 approaches the target. */
  convergence_gain: number;
}

/** SAELens' values. */
export const autotunerDefaults = {
  smoothing_factor: 0.99,
  rate_smoothing_factor: 0.95,
  integral_gain: 3e-4,
  min_multiplier: 0.01,
  max_multiplier: 100,
  deadband: 0,
  gain_scale: 10,
  convergence_gain: 0.01,
};

/** State of the autotuner between steps. */
export interface AutotunerState {
  /** Factor on the sparsity coefficient in the next step. */
  multiplier: number;
  /** Exponential average of the L0; null before the first step. */
  smoothed: number | null;
  /** Exponential average of its change in a step. */
  rate: number;
}

/**
 * Steers the sparsity coefficient to a target L0: the multiplier grows while the average L0 is above the
 * target, and grows more slowly while the L0 already approaches it. Returns the state after a 0-based step of
 * that L0.
 * Source: SAELens 6.38, L0 autotuning of the Standard and JumpReLU baselines.
 */
export function autotune(
  state: AutotunerState,
  l0: number,
  step: number,
  settings: AutotunerSettings,
): AutotunerState {
  const { smoothing_factor: s, rate_smoothing_factor: r } = settings;
  const smoothed = state.smoothed === null ? l0 : s * state.smoothed + (1 - s) * l0;
  const change = state.smoothed === null ? 0 : smoothed - state.smoothed;
  const rate = state.smoothed === null ? 0 : r * state.rate + (1 - r) * change;
  const error = smoothed - settings.target_l0;
  let { multiplier } = state;
  if (step >= settings.start_step && Math.abs(error) > settings.deadband) {
    const gain = error * rate < 0 ? settings.convergence_gain : 1;
    const size = Math.tanh((settings.gain_scale * Math.abs(error)) / settings.target_l0);
    const adjustment = settings.integral_gain * gain * size;
    multiplier *= error > 0 ? 1 + adjustment : 1 - adjustment;
    multiplier = Math.min(settings.max_multiplier, Math.max(settings.min_multiplier, multiplier));
  }
  return { multiplier, smoothed, rate };
}
