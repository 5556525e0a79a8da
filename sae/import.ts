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

/** The tensors as weights and buffers of our architecture, and its fields. */
function parts({ own }: SaelensConfig, { topk_threshold, thresholds, ...weights }: Tensors) {
  const buffers: Record<string, number[]> = {};
  if (topk_threshold) buffers.topk_thresholds = [...topk_threshold.data];
  if (!thresholds) return { weights: weights as Record<string, Tensor32>, buffers, fields: own };
  // A threshold for each latent, in the units of the weights as they are.
  buffers.topk_thresholds = [...thresholds.data];
  buffers.k = [1];
  const fields = { ...own, k: 1, rescale_acts_by_decoder_norm: false };
  return { weights: weights as Record<string, Tensor32>, buffers, fields };
}
