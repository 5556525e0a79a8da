import * as tf from '@tensorflow/tfjs-core';
import type { Tensor32 } from '#contract/safetensors';
import { createAdam } from '#engine/adam';
import { numbers } from '#engine/kernel';
import type { Optimizer } from '#engine/optimizer';
import { type Csr, csrOf } from '#engine/sparse';
import type { Architecture, BaseConfig, Buffers } from '../architecture.ts';
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
  /** The activations' non-zeros [batch, d_sae]. */
  acts: Csr;
  /** 1 - squared error / variance of x in this batch; null if it was not asked for. */
  explainedVariance: number | null;
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
  return { architecture, config, variables, buffers: architecture.buffers?.(config) ?? {}, adam };
}

/** Forward pass, gradients, and an update of the weights unless a loss is not finite. */
export function trainStep(model: Model, input: StepInput): StepResult {
  let step: StepResult | undefined;
  tf.tidy(() => {
    const { result, gradients } = gradientsOf(model, input);
    if (Object.values(result.losses).every(Number.isFinite)) {
      result.gradNorm = model.adam.step(gradients, input.learningRate);
    }
    step = result;
  });
  return step as unknown as StepResult;
}

/** Forward pass and gradients by the weights' names. Updates the buffers only. */
export function gradientsOf(
  model: Model,
  { x, step, trainingSteps, dead, multiplier, measure }: Omit<StepInput, 'learningRate'>,
): { result: StepResult; gradients: Record<string, tf.Tensor> } {
  const { architecture, config, variables, buffers } = model;
  let result: StepResult | undefined;
  const { grads } = tf.variableGrads(() => {
    const pass = { x, weights: variables, buffers, config, step, trainingSteps, dead, multiplier };
    const { acts, recon, losses } = architecture.trainingPass(pass);
    const total = tf.addN(Object.values(losses).map((loss) => tf.reshape(loss, []))) as tf.Scalar;
    const codes = csrOf(acts);
    result = {
      loss: total.dataSync()[0],
      losses: Object.fromEntries(Object.entries(losses).map(([name, term]) => [name, term.dataSync()[0]])),
      l0: codes.indices.length / codes.rows,
      gradNorm: Number.NaN,
      acts: codes,
      explainedVariance: measure ? explainedVariance(x, recon) : null,
    };
    return total;
  }, Object.values(variables));
  const gradients: Record<string, tf.Tensor> = {};
  for (const [name, variable] of Object.entries(variables)) {
    if (grads[variable.name]) gradients[name] = grads[variable.name];
  }
  return { result: result as StepResult, gradients };
}

/** 1 - mean |x - recon|² / (mean |x|² - |mean x|²) of a batch. */
export function explainedVariance(x: tf.Tensor, recon: tf.Tensor): number {
  const [rows, columns] = x.shape;
  const [a, b] = [numbers(x), numbers(recon)];
  const mean = new Float64Array(columns);
  let error = 0;
  let power = 0;
  for (let i = 0; i < a.length; i++) {
    error += (a[i] - b[i]) ** 2;
    power += a[i] * a[i];
    mean[i % columns] += a[i] / rows;
  }
  const variance = power / rows - mean.reduce((sum, m) => sum + m * m, 0);
  return variance < 1e-10 ? 0 : 1 - error / rows / variance;
}
