export interface AutotunerSettings {
  target_l0: number;
  start_step: number;
  smoothing_factor: number;
  rate_smoothing_factor: number;
  integral_gain: number;
  min_multiplier: number;
  max_multiplier: number;
  deadband: number;
  gain_scale: number;
  convergence_gain: number;
}

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

/** What it carries from step to step; `multiplier` is for the next step. */
export interface AutotunerState {
  multiplier: number;
  smoothed: number | null;
  rate: number;
}

/**
 * Steers the sparsity coefficient to a target L0: the multiplier grows while the smoothed L0 is above the target, slower
 * while it is already coming closer. Source: SAELens 6.38, L0 autotuning of the Standard and JumpReLU baselines.
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
