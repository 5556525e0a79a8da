import type { TrainResult } from '#contract/run';
import type { TrainerConfig } from './config.ts';
import type { Plan, RunState } from './plan.ts';

/** How a run ended, with a reason unless it is `finished`. */
export type End = Pick<TrainResult, 'status' | 'reason'>;

/** How far a run has come. */
export interface SoFar {
  /** Its state. */
  state: RunState;
  /** Seconds of training. */
  seconds: number;
  /** The trainer's own numbers. */
  claimed: Record<string, number>;
}

/**
 * The numbers of a run that the settings decide, so that they are known before it. Each row of the stream is
 * trained on once: a trainer that keeps rows and trains on them again has more epochs.
 */
export const declaredOf = ({ lr }: TrainerConfig): Record<string, number> => ({
  learning_rate: lr,
  epochs: 1,
});

/** The content of `result.json`. */
export function resultOf(plan: Plan, end: End, { state, seconds, claimed }: SoFar): TrainResult {
  return {
    version: 1,
    ...end,
    experiment: plan.experiment,
    architecture: plan.architectureName,
    config: { ...plan.sae, ...plan.trainer, ...plan.addons },
    backend: state.backends.join(', then ') || plan.backend,
    ...(plan.precision !== undefined && { precision: plan.precision }),
    steps: state.step,
    samples: state.seen,
    normalisationSamples: state.normalisationSamples,
    seconds,
    declared: declaredOf(plan.trainer),
    claimed,
  };
}
