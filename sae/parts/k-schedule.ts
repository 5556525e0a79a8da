import { z } from 'zod';
import type { StepNumber } from '#engine/step-numbers';
import type { Buffers, PassInput } from '../architecture.ts';

/** Fields of k, and of a k that changes in training: linearly from `initial_k` to `k`, then `k`. */
export const kFields = {
  /**
   * Active latents of a sample. BatchTopK: on average over the batch, may be a fraction. TopK: rounded down.
   */
  k: z.number().positive(),
  /** k at the first step; null: `k` from the start. */
  initial_k: z.number().positive().nullable().default(null),
  /**
   * Steps until `k` is reached; comes before the fraction. Null, with the fraction null too: `k` from the
   * start.
   */
  transition_k_duration_steps: z.number().int().positive().nullable().default(null),
  /** The same as a share of the run. */
  transition_k_duration_fraction: z.number().positive().max(1).nullable().default(null),
};
type KConfig = z.infer<z.ZodObject<typeof kFields>>;

/** The buffer `k`: what the last training pass selected by, for an SAE that is measured during training. */
export const kBuffer = (config: KConfig): Float64Array => Float64Array.of(config.initial_k ?? config.k);

/** k of the buffers; the config's, in an SAE that was not trained here. */
export const presentK = (buffers: Buffers, config: KConfig): number => buffers.k?.[0] ?? config.k;

/** k of a training pass, which its buffer takes over: it follows its schedule. */
export function kOfPass(
  {
    buffers,
    schedule,
    trainingSteps,
  }: Pick<PassInput<KConfig, string, 'k'>, 'buffers' | 'schedule' | 'trainingSteps'>,
  config: KConfig,
): StepNumber {
  const now = (step: number) => {
    buffers.k[0] = kAt(step, trainingSteps, config);
    return buffers.k[0];
  };
  return schedule(now, Math.max(config.k, config.initial_k ?? 0));
}

/** k at a 0-based step. */
function kAt(step: number, trainingSteps: number, config: KConfig): number {
  const { k, initial_k, transition_k_duration_steps, transition_k_duration_fraction } = config;
  const duration =
    transition_k_duration_steps ??
    (transition_k_duration_fraction === null
      ? null
      : Math.max(1, Math.floor(trainingSteps * transition_k_duration_fraction)));
  if (initial_k === null || duration === null || step >= duration) return k;
  return initial_k + ((k - initial_k) * step) / duration;
}
