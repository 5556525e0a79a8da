import * as tf from '@tensorflow/tfjs-core';
import type { Tensor32 } from '#contract/safetensors';
import { createAdam } from '#engine/adam';
import { numbers } from '#engine/kernel';
import { detach, squaredErrors } from '#engine/ops';
import type { Optimizer } from '#engine/optimizer';
import { type Csr, csrOf } from '#engine/sparse';
import { held } from '#engine/tracking';
import type { Architecture, BaseConfig, Buffers, PassInput, PassOutput } from '../architecture.ts';
import type { TrainerConfig } from './config.ts';

/** An SAE in training. */
export interface Model {
  /** What computes its losses. */
  architecture: Architecture;
  /** The architecture's config. */
  config: BaseConfig;
  /** The weights by name. */
  variables: Record<string, tf.Variable>;
  /** The buffers by name. */
  buffers: Buffers;
  /** The optimiser of the weights. */
  adam: Optimizer;
}

/** Numbers of one step. */
export interface StepResult {
  /** The total loss. */
  loss: number;
  /** Its terms by name. */
  losses: Record<string, number>;
  /** Active latents of a sample, on average. */
  l0: number;
  /** Norm of all gradients together, before they are clipped; NaN before the update. */
  gradNorm: number;
  /** 1 - squared error / variance of x in this batch; null if it was not asked for. */
  explainedVariance: number | null;
}

/** Numbers of a step of a run. */
export interface RunResult extends StepResult {
  /** The step that they are of: an earlier one where that went wrong. */
  step: number;
}

/** Numbers of one step with the activations' non-zeros [batch, d_sae]. */
export interface StepWithActs extends StepResult {
  /** The non-zeros. */
  acts: Csr;
}

/** What one step needs beside the model. */
export interface StepInput {
  /** Inputs [batch, d_in], scaled. */
  x: tf.Tensor;
  /** The step, from 0. */
  step: number;
  /** Steps of the run for schedules. */
  trainingSteps: number;
  /** Learning rate of this step. */
  learningRate: number;
  /** [d_sae], 1 for each dead latent; null if none is dead. */
  dead: Uint8Array | null;
  /** Factor on the sparsity coefficient. */
  multiplier: number;
  /** Whether to compute the explained variance. */
  measure: boolean;
}

/** A model with these initial weights. */
export function createModel(
  architecture: Architecture,
  config: BaseConfig,
  weights: Record<string, Tensor32>,
  trainer: TrainerConfig,
): Model {
  const variables: Record<string, tf.Variable> = {};
  for (const [name, { shape, data }] of Object.entries(weights)) {
    // The variable has its own values: the initial tensor can be disposed of.
    variables[name] = tf.tidy(() => tf.variable(tf.tensor(data, [...shape]), true));
  }
  const adam = createAdam(variables, {
    beta1: trainer.adam_beta1,
    beta2: trainer.adam_beta2,
    epsilon: 1e-8,
    maxGradNorm: trainer.max_grad_norm,
  });
  const buffers = Object.entries(architecture.buffers?.(config) ?? {});
  const kept = Object.fromEntries(buffers.map(([name, values]) => [name, held(values)]));
  return { architecture, config, variables, buffers: kept, adam };
}

/** Forward pass, gradients, and an update of the weights unless a loss is not finite. */
export function trainStep(model: Model, input: StepInput): StepWithActs {
  let step: StepWithActs | undefined;
  tf.tidy(() => {
    const { result, gradients } = gradientsOf(model, input);
    if (Object.values(result.losses).every(Number.isFinite)) {
      result.gradNorm = model.adam.step(gradients, input.learningRate);
    }
    step = result;
  });
  return step as unknown as StepWithActs;
}

/** Forward pass and gradients by the weights' names. Updates the buffers only. */
export function gradientsOf(
  model: Model,
  input: Omit<StepInput, 'learningRate'>,
): { result: StepWithActs; gradients: Record<string, tf.Tensor> } {
  const { x, step, measure } = input;
  let result: StepWithActs | undefined;
  const gradients = differentiate(model, { ...input, schedule: (at) => at(step) }, (output, total) => {
    const codes = csrOf(output.acts);
    const losses = Object.entries(output.losses).map(([name, term]) => [name, term.dataSync()[0]] as const);
    result = {
      loss: total.dataSync()[0],
      losses: Object.fromEntries(losses),
      l0: codes.indices.length / codes.rows,
      gradNorm: Number.NaN,
      acts: codes,
      explainedVariance: measure ? explainedVariance(x, output.recon) : null,
    };
  });
  return { result: result as StepWithActs, gradients };
}

/** What differs between passes: all but the model's own. */
type Varying = Pick<
  PassInput<BaseConfig, string, string>,
  'x' | 'step' | 'trainingSteps' | 'dead' | 'multiplier' | 'schedule'
>;

/**
 * The gradients by the weights' names. `observe` is given what the pass returned and the total loss, while
 * its tensors are there.
 */
export function differentiate(
  { architecture, config, variables, buffers }: Model,
  varying: Varying,
  observe: (output: PassOutput, total: tf.Tensor) => void,
): Record<string, tf.Tensor> {
  const { grads } = tf.variableGrads(() => {
    // Inputs may be getters, by which it is seen what a pass reads.
    const pass = Object.defineProperties(
      { weights: variables, buffers, config },
      Object.getOwnPropertyDescriptors(varying),
    ) as unknown as PassInput<BaseConfig, string, string>;
    const output = architecture.trainingPass(pass);
    const terms = Object.values(output.losses).map((loss) => tf.reshape(loss, []));
    const total = tf.addN(terms) as tf.Scalar;
    observe(output, total);
    return total;
  }, Object.values(variables));
  const gradients: Record<string, tf.Tensor> = {};
  for (const [name, variable] of Object.entries(variables)) {
    if (grads[variable.name]) gradients[name] = grads[variable.name];
  }
  return gradients;
}

/**
 * 1 - mean |x - recon|² / (mean |x|² - |mean x|²) of a batch. It does not read the numbers of `recon`: what
 * follows a matrix that was read has other last bits than what follows one that was not, and whether a step
 * is asked for its explained variance depends on the time.
 */
export function explainedVariance(x: tf.Tensor, recon: tf.Tensor): number {
  const [rows, columns] = x.shape;
  const error = tf.tidy(() => tf.mean(squaredErrors(detach(recon), x)).dataSync()[0]);
  const mean = new Float64Array(columns);
  let power = 0;
  for (const [i, value] of numbers(x).entries()) {
    power += value * value;
    mean[i % columns] += value / rows;
  }
  const variance = power / rows - mean.reduce((sum, m) => sum + m * m, 0);
  return variance < 1e-10 ? 0 : 1 - error / variance;
}
