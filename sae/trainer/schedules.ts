import type { TrainerConfig } from './config.ts';

type RateConfig = Pick<TrainerConfig, 'lr' | 'lr_scheduler' | 'lr_end'> & {
  warmUpSteps: number;
  decaySteps: number;
};

/**
 * The learning rate at a 0-based step s, as in SAELens' schedulers: linear warm-up lr·(s + 1) / W, the main
 * part, then a linear fall to 0 that begins at the full rate. It is 0 from `trainingSteps` on (a last,
 * incomplete batch).
 */
export function learningRate(step: number, trainingSteps: number, config: RateConfig): number {
  const { lr, lr_scheduler, warmUpSteps, decaySteps } = config;
  if (step < warmUpSteps) return (lr * (step + 1)) / warmUpSteps;
  const decayStart = trainingSteps - decaySteps;
  if (lr_scheduler === 'cosineannealing') {
    const end = config.lr_end ?? lr / 10;
    if (decaySteps > 0 && step >= decayStart) {
      return end * Math.max(0, 1 - (step - decayStart) / decaySteps);
    }
    const length = decayStart - warmUpSteps;
    return end + ((lr - end) * (1 + Math.cos((Math.PI * (step - warmUpSteps)) / length))) / 2;
  }
  if (decaySteps > 0 && step >= decayStart) return lr * Math.max(0, 1 - (step - decayStart) / decaySteps);
  return lr;
}

/** A duration in steps: the share of the run if it is given, else the steps. */
export function stepsOf(share: number | null, steps: number, trainingSteps: number): number {
  return share === null ? steps : Math.floor(share * trainingSteps);
}

/** The durations in a trainer's config, in steps. */
export function durations(config: TrainerConfig, trainingSteps: number) {
  return {
    warmUpSteps: stepsOf(config.lr_warm_up_fraction, config.lr_warm_up_steps, trainingSteps),
    decaySteps: stepsOf(config.lr_decay_fraction, config.lr_decay_steps, trainingSteps),
    autotuneStart: stepsOf(config.autotune_start_fraction, config.autotune_start_step, trainingSteps),
  };
}

/** The value at a 0-based step of a coefficient that rises linearly from 0 to `final` over `warmUpSteps`. */
export function warmedUp(final: number, warmUpSteps: number, step: number): number {
  return warmUpSteps === 0 ? final : final * Math.min(1, step / warmUpSteps);
}
