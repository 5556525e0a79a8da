import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { readSafetensors, type Tensor32, writeSafetensors } from '#contract/safetensors';
import type { BaseConfig, Buffers } from '../architecture.ts';
import type { RowNorm } from '../saelens/row-norm.ts';
import type { Model } from './step.ts';

/** The `config` in a checkpoint's metadata: all that encoding needs beside the tensors. */
export interface CheckpointConfig {
  /** Of this format. */
  version: 1;
  /** Name of the architecture. */
  architecture: string;
  /** The architecture's fields. */
  sae: BaseConfig;
  /** Settings of the add-ons, by their names. */
  addons: Record<string, unknown>;
  /** Name of the experiment. */
  experiment: string;
  /** Training rows so far. */
  samples: number;
  /** Factor on x before it is encoded, as in training; 1 once it is folded into the weights. */
  scale: number;
  /** The buffers in float64; as tensors they are float32. */
  buffers: Record<string, number[]>;
  /** How each row is normalised before it is encoded, as by SAELens; absent: not at all. */
  rowNorm?: RowNorm;
  /** There is the inference form only, as in an SAE that SAELens saved for inference: it is used for both. */
  inferenceOnly?: true;
}

/** A trained SAE as a file has it. */
export interface Checkpoint {
  /** The config of its metadata. */
  config: CheckpointConfig;
  /** Weights by SAELens' names. */
  weights: Record<string, Tensor32>;
  /** Buffers by name. */
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

/** Reads a checkpoint. @throws UserError if the file is none */
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

/** The weights as tensors. */
export function asTensors(weights: Record<string, Tensor32>): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
}
