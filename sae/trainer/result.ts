import type { TrainResult } from '#contract/run';
import type { TrainerConfig } from './config.ts';
import type { Plan, RunState } from './plan.ts';

/** How a run ended, and why where it is not `finished`. */
export type End = Pick<TrainResult, 'status' | 'reason'>;

/** What a run has come to. */
export interface SoFar {
  state: RunState;
  seconds: number;
  claimed: Record<string, number>;
}

/** What only the trainer can say of a run: its settings decide it, so that it is known before the run. */
export const declaredOf = ({ lr }: TrainerConfig): Record<string, number> => ({ learning_rate: lr });

/** The run in the trainer's own words. */
export function resultOf(plan: Plan, end: End, { state, seconds, claimed }: SoFar): TrainResult {
  return {
    version: 1,
    ...end,
    experiment: plan.experiment,
    architecture: plan.architectureName,
    config: { ...plan.sae, ...plan.trainer, ...plan.addons },
    backend: state.backends.join(', then ') || plan.backend,
    steps: state.step,
    samples: state.seen,
    normalisationSamples: state.normalisationSamples,
    seconds,
    declared: declaredOf(plan.trainer),
    claimed,
  };
}
