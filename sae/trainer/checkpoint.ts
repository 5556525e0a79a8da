import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { readSafetensors, type Tensor32, writeSafetensors } from '#contract/safetensors';
import type { BaseConfig, Buffers } from '../architecture.ts';
import type { RowNorm } from '../saelens/row-norm.ts';
import type { Model } from './step.ts';

/** What `config` in a checkpoint's metadata says: enough to encode with it. */
export interface CheckpointConfig {
  version: 1;
  architecture: string;
  /** The architecture's fields. */
  sae: BaseConfig;
  /** Settings of the add-ons, by their names. */
  addons: Record<string, unknown>;
  experiment: string;
  samples: number;
  /** x is multiplied by this before it is encoded, as in training; 1 where it is folded into the weights. */
  scale: number;
  /** In float64, which the tensors are not. */
  buffers: Record<string, number[]>;
  /** Done to each row before it is encoded, as SAELens does; absent: nothing. */
  rowNorm?: RowNorm;
  /** The training form is lost, as in what SAELens saves for inference: the other stands for it. */
  inferenceOnly?: true;
}

export interface Checkpoint {
  config: CheckpointConfig;
  weights: Record<string, Tensor32>;
  buffers: Buffers;
}

type About = Pick<CheckpointConfig, 'architecture' | 'addons' | 'experiment' | 'samples' | 'scale'>;

/** A copy of the model's weights, buffers and config. */
export function checkpointOf(model: Model, about: About): Checkpoint {
  const weights: Record<string, Tensor32> = {};
  for (const [name, variable] of Object.entries(model.variables)) {
    weights[name] = { shape: variable.shape, data: Float32Array.from(variable.dataSync()) };
  }
  const copies = Object.entries(model.buffers).map(([name, values]) => [name, values.slice()] as const);
  const saved = Object.fromEntries(copies.map(([name, values]) => [name, [...values]]));
  return {
    config: { version: 1, ...about, sae: model.config, buffers: saved },
    weights,
    buffers: Object.fromEntries(copies),
  };
}

/** Writes weights and buffers as tensors, by SAELens' names. The file is complete or is not written. */
export function writeCheckpoint(path: string, model: Model, about: About): void {
  const { config, weights, buffers } = checkpointOf(model, about);
  const tensors = new Map<string, Tensor32>(Object.entries(weights));
  for (const [name, values] of Object.entries(buffers)) {
    tensors.set(name, { shape: [values.length], data: Float32Array.from(values) });
  }
  writeSafetensors(path, { tensors, metadata: { config: JSON.stringify(config) } });
}

/** @throws UserError when the file is not such a checkpoint. */
export function readCheckpoint(path: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(path);
  let config: CheckpointConfig;
  try {
    config = JSON.parse(metadata.config ?? '');
  } catch {
    throw new UserError(
      `${path}: its metadata has no config that can be read; is it a checkpoint of this trainer?`,
    );
  }
  if (config.version !== 1 || typeof config.architecture !== 'string' || !config.sae || !config.buffers) {
    throw new UserError(`${path}: its config is not one of version 1`);
  }
  const weights: Record<string, Tensor32> = {};
  for (const [name, tensor] of tensors) if (!Object.hasOwn(config.buffers, name)) weights[name] = tensor;
  const buffers = Object.fromEntries(
    Object.entries(config.buffers).map(([name, values]) => [name, Float64Array.from(values)]),
  );
  return { config, weights, buffers };
}

/** The weights as tensors, for use. */
export function asTensors(weights: Record<string, Tensor32>): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
}
