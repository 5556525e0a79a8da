import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { writeJsonAtomic } from '#contract/atomic';
import { type Tensor32, writeSafetensors } from '#contract/safetensors';
import { numbers } from '#engine/kernel';
import { uniform } from '#engine/random';
import type { Architecture } from './architecture.ts';
import { asTensors, type Checkpoint } from './trainer/checkpoint.ts';

/** What SAELens 6 loads by itself. */
const known = ['standard', 'topk', 'jumprelu', 'gated', 'matching_pursuit'];

const PARITY_ROWS = 32;

/** What was written, and whether SAELens can load it. */
export interface Exported {
  architecture: string;
  loads: boolean;
  files: string[];
}

/**
 * Writes the inference form as SAELens saves it: `cfg.json` and `sae_weights.safetensors`; beside it `parity.safetensors`
 * (x, codes, reconstruction by this code), and for an architecture that SAELens lacks its `architectures/<name>.py`, if
 * there is one, as `encode.py`.
 */
export function exportCheckpoint(
  { config, weights, buffers }: Checkpoint,
  architecture: Architecture,
  out: string,
): Exported {
  const sae = architecture.config.parse(config.sae);
  const files: string[] = ['cfg.json', 'sae_weights.safetensors', 'parity.safetensors'];
  const name = tf.tidy(() => {
    const form = architecture.inference(asTensors(weights), buffers, sae);
    const tensors = new Map(Object.entries(form.weights).map(([key, t]) => [key, stored(t)]));
    writeJsonAtomic(join(out, 'cfg.json'), {
      d_in: sae.d_in,
      d_sae: sae.d_sae,
      dtype: 'float32',
      device: 'cpu',
      apply_b_dec_to_input: true,
      normalize_activations: 'none',
      reshape_activations: 'none',
      ...form.fields,
      metadata: { trained_as: config.architecture, experiment: config.experiment, samples: config.samples },
      architecture: form.architecture,
    });
    writeSafetensors(join(out, 'sae_weights.safetensors'), { tensors, metadata: {} });
    const random = uniform(1);
    const x = tf.tensor2d(
      Float32Array.from({ length: PARITY_ROWS * sae.d_in }, () => 6 * random() - 3),
      [PARITY_ROWS, sae.d_in],
    );
    const codes = form.encode(x);
    const recon = tf.add(tf.matMul(codes, form.W_dec), form.b_dec);
    const parity = new Map(Object.entries({ x, codes, recon }).map(([key, t]) => [key, stored(t)]));
    writeSafetensors(join(out, 'parity.safetensors'), { tensors: parity, metadata: {} });
    return form.architecture as string & tf.TensorContainer;
  });
  const loads = known.includes(name);
  const python = join(import.meta.dirname, 'architectures', `${config.architecture}.py`);
  if (!loads && existsSync(python)) {
    copyFileSync(python, join(out, 'encode.py'));
    files.push('encode.py');
  }
  return { architecture: name, loads, files };
}

const stored = (tensor: tf.Tensor): Tensor32 => ({
  shape: tensor.shape,
  data: Float32Array.from(numbers(tensor)),
});
