import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Tensor32 } from '#contract/safetensors';
import { decode } from '#engine/ops';
import { full } from './init.ts';
import type { Rescaled } from './rescale.ts';

/** Fields of the LISTA refinement of the encoder. */
export const refinementFields = {
  /** Refinement steps; 0: the linear encoder alone. */
  n_refinement_steps: z.number().int().nonnegative().default(0),
  /** Step size. */
  eta: z.number().default(0.3),
  /** Trains a step size for each step, from `eta`. */
  learnable_eta: z.boolean().default(false),
};
type RefinementConfig = z.infer<z.ZodObject<typeof refinementFields>>;

/** The weight `eta` [n_refinement_steps], if step sizes are trained. */
export function initialEta(config: RefinementConfig): { eta?: Tensor32 } {
  return config.learnable_eta ? { eta: full(config.n_refinement_steps, config.eta) } : {};
}

/** The step size of each step. */
export function stepSizes(weights: { eta?: tf.Tensor }, config: RefinementConfig): (tf.Tensor | number)[] {
  const { eta } = weights;
  return Array.from({ length: config.n_refinement_steps }, (_, t) =>
    eta ? tf.slice(eta, [t], [1]) : config.eta,
  );
}

/**
 * h_0 = u·W_enc + b_enc and z_t = select(h_t, t); then h_{t+1} = h_t + eta_t (u - z_t·W_dec)·W_enc. This is a
 * gradient step of sparse coding, unrolled, with the encoder in place of the decoder's transpose. `u` is x -
 * b_dec [batch, d_in]; `stages` are z_0 ... z_n [batch, d_sae], `hiddenPre` is h_n.
 * Source: Gregor & LeCun 2010, "Learning fast approximations of sparse coding" (LISTA).
 */
export function refine(
  u: tf.Tensor,
  sae: Pick<Rescaled, 'encode' | 'W_dec'>,
  etas: readonly (tf.Tensor | number)[],
  select: (h: tf.Tensor, stage: number) => tf.Tensor,
): { hiddenPre: tf.Tensor; stages: tf.Tensor[] } {
  let hiddenPre = sae.encode(u);
  const stages = [select(hiddenPre, 0)];
  // The encoder is linear: the step adds to its input instead of to h, which has more numbers, and whose
  // gradient then has only the non-zeros of one selection.
  let input = u;
  for (const [t, eta] of etas.entries()) {
    const residual = tf.sub(u, decode(stages[t], sae.W_dec));
    input = tf.add(input, tf.mul(residual, eta));
    hiddenPre = sae.encode(input);
    stages.push(select(hiddenPre, t + 1));
  }
  return { hiddenPre, stages };
}
