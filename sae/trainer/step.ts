import * as tf from '@tensorflow/tfjs-core';
import type { Tensor32 } from '#contract/safetensors';
import { createAdam, type Optimizer } from '#engine/adam';
import { numbers } from '#engine/kernel';
import { type Csr, csrOf } from '#engine/sparse';
import type { Architecture, BaseConfig, Buffers } from '../architecture.ts';
import type { TrainerConfig } from './config.ts';

/** What is trained: an architecture with its settings, weights and buffers, and the optimiser. */
export interface Model {
  architecture: Architecture;
  config: BaseConfig;
  variables: Record<string, tf.Variable>;
  buffers: Buffers;
  adam: Optimizer;
}

/** Numbers of one step, all claimed: the trainer sees x only. */
export interface StepResult {
  loss: number;
  /** The terms that the loss is the sum of. */
  losses: Record<string, number>;
  l0: number;
  gradNorm: number;
  /** The activations' non-zeros. */
  acts: Csr;
  /** 1 - squared error / variance of x, of this batch; null where not asked for. */
  explainedVariance: number | null;
}

export interface StepInput {
  x: tf.Tensor;
  step: number;
  trainingSteps: number;
  learningRate: number;
  dead: Uint8Array | null;
  multiplier: number;
  measure: boolean;
}

export function createModel(
  architecture: Architecture,
  config: BaseConfig,
  weights: Record<string, Tensor32>,
  trainer: TrainerConfig,
): Model {
  const variables: Record<string, tf.Variable> = {};
  for (const [name, { shape, data }] of Object.entries(weights)) {
    // A variable holds values of its own: those it began with need not stay.
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

/** Forward, gradients, and an update of the weights unless a loss is not a finite number. */
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

/** Forward and gradients by the weights' names, nothing updated but the architecture's buffers. */
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
