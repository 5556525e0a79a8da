import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { writeJsonAtomic } from '#contract/atomic';
import { type Tensor32, writeSafetensors } from '#contract/safetensors';
import { numbers } from '#engine/kernel';
import { uniform } from '#engine/random';
import type { Architecture, BaseConfig, InferenceEncoder } from './architecture.ts';
import { expectForm } from './saelens/form.ts';
import { kinds } from './saelens/kinds.ts';
import { REGISTER, registering } from './saelens/register.ts';
import { registry } from './saelens/registry.ts';
import { expectSameCodes } from './saelens/same-codes.ts';
import { asTensors, type Checkpoint } from './trainer/checkpoint.ts';

/** Half of the rows are noise, half are sums of decoder rows, for which latents fire as in use. */
const PARITY_ROWS = 64;

/** Where the activations come from, as SAELens and SAEBench read it in `metadata`; each may be unknown. */
export interface Origin {
  /** Name of the language model. */
  model_name?: string;
  /** Name of the place in the model whose activations these are. */
  hook_name?: string;
  /** Tokens of a context. */
  context_size?: number;
}

/** The result of an export. */
export interface Exported {
  /** SAELens' name of what was written. */
  architecture: string;
  /** Whether SAELens can load it. */
  loads: boolean;
  /** Whether its codes were compared with those of the trained SAE. */
  checked: boolean;
  /** Names of the files. */
  files: string[];
}

/**
 * Writes the inference encoder in the files of SAELens, `cfg.json` and `sae_weights.safetensors`.
 * `parity.safetensors` has x, codes and reconstruction by this code. For an architecture that SAELens lacks,
 * `architectures/<name>.py` is copied as `encode.py` if there is one, with a module that registers it there.
 * A scale of x is folded into the weights already. Writes all files or none.
 * @throws UserError if the encoder does not fit the name that it returns, before anything is written, and if
 * the files, loaded again, give other codes than the trained SAE
 */
export async function exportCheckpoint(
  checkpoint: Checkpoint,
  architecture: Architecture,
  out: string,
  origin: Origin = {},
): Promise<Exported> {
  const { config, weights, buffers } = checkpoint;
  const sae = architecture.config.parse(config.sae);
  tf.tidy(() => {
    const form = architecture.inferenceEncoder(asTensors(weights), buffers, sae);
    expectForm(form, sae, `sae/architectures/${config.architecture}.ts`);
  });
  const made = mkdirSync(out, { recursive: true });
  const part = mkdtempSync(join(out, '.part-'));
  try {
    const { name, x } = writeForm(checkpoint, architecture, part, origin);
    const python = join(import.meta.dirname, 'architectures', `${config.architecture}.py`);
    const loads = Object.hasOwn(registry.inference, name);
    if (!loads && existsSync(python)) {
      copyFileSync(python, join(part, 'encode.py'));
      const module = registering(part);
      if (module !== null) writeFileSync(join(part, REGISTER), module);
    }
    const checked = Object.hasOwn(kinds, name);
    if (checked) await expectSameCodes(checkpoint, architecture, part, name, x);
    const files = readdirSync(part).sort();
    for (const file of files) renameSync(join(part, file), join(out, file));
    return { architecture: name, loads, checked, files };
  } catch (error) {
    if (made) rmSync(made, { recursive: true });
    throw error;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Writes the files of the inference encoder. Returns SAELens' name of it and the rows of the parity file. */
function writeForm(
  { config, weights, buffers }: Checkpoint,
  architecture: Architecture,
  folder: string,
  origin: Origin,
): { name: string; x: Float32Array } {
  const sae = architecture.config.parse(config.sae);
  let written = { name: '', x: new Float32Array() as Float32Array };
  tf.tidy(() => {
    const form = architecture.inferenceEncoder(asTensors(weights), buffers, sae);
    const tensors = new Map(Object.entries(form.weights).map(([key, t]) => [key, stored(t)]));
    writeJsonAtomic(join(folder, 'cfg.json'), {
      d_in: sae.d_in,
      d_sae: sae.d_sae,
      dtype: 'float32',
      device: 'cpu',
      apply_b_dec_to_input: true,
      normalize_activations: 'none',
      reshape_activations: 'none',
      ...form.fields,
      metadata: {
        // Without a version SAELens reads a config as one of before 6.
        sae_lens_version: registry.version,
        trained_as: config.architecture,
        experiment: config.experiment,
        samples: config.samples,
        ...origin,
      },
      architecture: form.architecture,
    });
    writeSafetensors(join(folder, 'sae_weights.safetensors'), { tensors, metadata: {} });
    const x = tf.tensor2d(rowsFor(form, sae), [PARITY_ROWS, sae.d_in]);
    const codes = form.encode(x);
    const recon = tf.add(tf.matMul(codes, form.W_dec), form.b_dec);
    const parity = new Map(Object.entries({ x, codes, recon }).map(([key, t]) => [key, stored(t)]));
    writeSafetensors(join(folder, 'parity.safetensors'), { tensors: parity, metadata: {} });
    written = { name: form.architecture, x: stored(x).data };
  });
  return written;
}

/** Rows x [PARITY_ROWS × d_in]: uniform in ±3, then b_dec plus three decoder rows of norm 2 to 6. */
function rowsFor({ W_dec, b_dec }: InferenceEncoder, { d_in, d_sae }: BaseConfig): Float32Array {
  const random = uniform(1);
  const x = Float32Array.from({ length: PARITY_ROWS * d_in }, () => 6 * random() - 3);
  const [decoder, bias] = [numbers(W_dec), numbers(b_dec)];
  for (let row = PARITY_ROWS / 2; row < PARITY_ROWS; row++) {
    const own = x.subarray(row * d_in, (row + 1) * d_in);
    own.set(bias);
    for (let n = 0; n < 3; n++) {
      const latent = Math.floor(random() * d_sae);
      const direction = decoder.subarray(latent * d_in, (latent + 1) * d_in);
      const size = (2 + 4 * random()) / Math.max(1e-8, Math.hypot(...direction));
      for (let j = 0; j < d_in; j++) own[j] += size * direction[j];
    }
  }
  return x;
}

const stored = (tensor: tf.Tensor): Tensor32 => ({
  shape: tensor.shape,
  data: Float32Array.from(numbers(tensor)),
});
