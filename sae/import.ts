import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor32 } from '#contract/safetensors';
import type { BaseConfig } from './architecture.ts';
import { readConfig, type SaelensConfig } from './saelens/config.ts';
import { kinds } from './saelens/kinds.ts';
import { readWeights, type Tensors, takeInputAsItIs } from './saelens/weights.ts';
import type { Checkpoint } from './trainer/checkpoint.ts';

/** Whether a folder has an SAE in the files of SAELens. A broken link counts: reading it gives the error. */
export const isSaelens = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(path).includes('cfg.json');

/**
 * Reads an SAE that SAELens saved (`cfg.json`, `sae_weights.safetensors`; versions 2 to 6) as a checkpoint:
 * for inference, or as in training if it selects over a batch.
 * @throws UserError with file and field of anything that would be measured differently here
 */
export function readSaelens(folder: string): Checkpoint {
  const config = readConfig(folder);
  const kind = kinds[config.architecture];
  const tensors = readWeights(join(folder, 'sae_weights.safetensors'), config);
  if (!config.apply_b_dec_to_input) takeInputAsItIs(tensors, kind);
  const { weights, buffers, fields } = parts(config, tensors);
  const { d_in, d_sae, scale, rowNorm } = config;
  return {
    config: {
      version: 1,
      architecture: kind.architecture,
      sae: { d_in, d_sae, decoder_init_norm: null, ...fields } as BaseConfig,
      ...{ addons: {}, experiment: 'saved by SAELens', samples: 0, scale, buffers },
      ...(rowNorm && { rowNorm }),
      ...(tensors.thresholds && { inferenceOnly: true }),
    },
    weights,
    buffers: Object.fromEntries(Object.entries(buffers).map(([name, v]) => [name, Float64Array.from(v)])),
  };
}

/** What our architecture takes from the files of SAELens. */
interface Parts {
  /** Trained weights by our names. */
  weights: Record<string, Tensor32>;
  /** State that is not trained. */
  buffers: Record<string, number[]>;
  /** Fields of its config. */
  fields: Record<string, unknown>;
}

/**
 * The parts of LISTA's training class. It has a threshold for each stage and, if eta is trained, a number for
 * each step. Its other tensors are not read by the encoder.
 */
function trainedLista(own: SaelensConfig['own'], { topk_thresholds, ...tensors }: Tensors): Parts {
  const { W_enc, b_enc, W_dec, b_dec } = tensors;
  const steps = Array.from({ length: Number(own.n_refinement_steps) }, (_, t) => tensors[`eta_params.${t}`]);
  const eta = { shape: [steps.length], data: Float32Array.from(steps, (one) => one?.data[0]) };
  return {
    weights: { W_enc, b_enc, W_dec, b_dec, ...(own.learnable_eta === true && { eta }) },
    buffers: { topk_thresholds: [...topk_thresholds.data], k: [Number(own.k)] },
    fields: own,
  };
}

/** The tensors as weights and buffers of our architecture, and its fields. */
function parts({ own }: SaelensConfig, tensors: Tensors): Parts {
  if (tensors.topk_thresholds) return trainedLista(own, tensors);
  const { topk_threshold, thresholds, ...weights } = tensors;
  const buffers: Record<string, number[]> = {};
  if (topk_threshold) buffers.topk_thresholds = [...topk_threshold.data];
  if (!thresholds) return { weights, buffers, fields: own };
  // A threshold for each latent, in the units of the weights as they are.
  buffers.topk_thresholds = [...thresholds.data];
  buffers.k = [1];
  const fields = { ...own, k: 1, rescale_acts_by_decoder_norm: false };
  return { weights, buffers, fields };
}
