import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { readSafetensors, type Tensor32 } from '#contract/safetensors';
import type { Checkpoint } from './trainer/checkpoint.ts';

/** What of SAELens' `cfg.json` matters to an encoder; the rest says where the SAE comes from. */
const Config = z.looseObject({
  architecture: z.string(),
  d_in: z.number().int().positive(),
  d_sae: z.number().int().positive(),
  apply_b_dec_to_input: z.boolean().default(true),
  normalize_activations: z.string().default('none'),
  reshape_activations: z.string().default('none'),
});
type Config = z.infer<typeof Config>;

/** How an architecture of SAELens is one of ours. Shapes in its own letters: [d_in, d_sae] and so on. */
interface Kind {
  architecture: string;
  /** Fields of its config that we have too, with SAELens' defaults. */
  fields: Record<string, unknown>;
  tensors: Record<string, readonly ('d_in' | 'd_sae')[]>;
  /** Biases that take in b_dec where the input is used without it, and the encoder that it goes through. */
  folds: readonly string[];
}

const common: Kind = {
  architecture: 'standard',
  fields: {},
  tensors: { W_enc: ['d_in', 'd_sae'], b_enc: ['d_sae'], W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
  folds: ['b_enc'],
};
const batchTopK: Kind = {
  ...common,
  architecture: 'batchtopk',
  fields: { k: 100, rescale_acts_by_decoder_norm: true },
  tensors: { ...common.tensors, topk_threshold: [] },
};
const kinds: Record<string, Kind> = {
  standard: common,
  topk: { ...common, architecture: 'topk', fields: { k: 100, rescale_acts_by_decoder_norm: false } },
  jumprelu: { ...common, architecture: 'jumprelu', tensors: { ...common.tensors, threshold: ['d_sae'] } },
  // A trained BatchTopK is saved for inference as jumprelu, and for more training as it is.
  batchtopk: batchTopK,
  matryoshka_batchtopk: {
    ...batchTopK,
    architecture: 'matryoshka-batchtopk',
    fields: { ...batchTopK.fields, matryoshka_widths: [] },
  },
  gated: {
    ...common,
    architecture: 'gated',
    tensors: {
      ...{ W_enc: ['d_in', 'd_sae'], W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
      ...{ b_gate: ['d_sae'], b_mag: ['d_sae'], r_mag: ['d_sae'] },
    },
    folds: ['b_gate', 'b_mag'],
  },
  matching_pursuit: {
    architecture: 'matching-pursuit',
    fields: { residual_threshold: 1e-2, max_iterations: null, stop_on_duplicate_support: true },
    tensors: { W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
    folds: [],
  },
};

/** Whether a folder holds an SAE as SAELens saves it. */
export const isSaelens = (folder: string): boolean => existsSync(join(folder, 'cfg.json'));

/**
 * Reads an SAE that SAELens saved (`cfg.json`, `sae_weights.safetensors`) as a checkpoint of ours: for inference, or for
 * more training where it selects over a batch. Source: SAELens 6, `sae_lens/saes`.
 * @throws UserError naming file and field of whatever we would measure differently.
 */
export function readSaelens(folder: string): Checkpoint {
  const config = readConfig(join(folder, 'cfg.json'));
  const kind = kinds[config.architecture];
  const weights = readWeights(join(folder, 'sae_weights.safetensors'), config, kind);
  if (!config.apply_b_dec_to_input) takeInputAsItIs(weights, kind);
  const { topk_threshold, threshold, ...rest } = weights;
  if (threshold)
    rest.log_threshold = { ...threshold, data: threshold.data.map((v) => Math.log(Math.max(0, v))) };
  const buffers: Record<string, number[]> = topk_threshold
    ? { topk_threshold: [...topk_threshold.data] }
    : {};
  const { d_in, d_sae } = config;
  const fields = Object.entries(kind.fields).map(([name, byDefault]) => [name, config[name] ?? byDefault]);
  return {
    config: {
      version: 1,
      architecture: kind.architecture,
      sae: { d_in, d_sae, decoder_init_norm: null, ...Object.fromEntries(fields) },
      ...{ addons: {}, experiment: 'saved by SAELens', samples: 0, scale: 1, buffers },
    },
    weights: rest,
    buffers: Object.fromEntries(Object.entries(buffers).map(([name, v]) => [name, Float64Array.from(v)])),
  };
}

function readConfig(path: string): Config {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path}: not readable JSON (${(error as Error).message})`);
  }
  const parsed = Config.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UserError(`${path}: ${issue.path.join('.') || 'cfg'}: ${issue.message}; is it of SAELens 6?`);
  }
  const config = parsed.data;
  if (!Object.hasOwn(kinds, config.architecture)) {
    throw new UserError(
      `${path}: architecture "${config.architecture}" is none of ${Object.keys(kinds).join(', ')}`,
    );
  }
  if (config.normalize_activations !== 'none') {
    throw new UserError(
      `${path}: normalize_activations is "${config.normalize_activations}"; save the SAE with the scale folded into its weights (fold_activation_norm_scaling_factor), which makes it "none"`,
    );
  }
  if (config.reshape_activations !== 'none') {
    throw new UserError(
      `${path}: reshape_activations is "${config.reshape_activations}"; only "none" fits rows of x`,
    );
  }
  return config;
}

function readWeights(path: string, config: Config, { tensors }: Kind): Record<string, Tensor32> {
  const found = Object.fromEntries(readSafetensors(path).tensors);
  // What SAELens trained before it kept the threshold itself.
  if (found.log_threshold && tensors.threshold && !found.threshold) {
    found.threshold = { ...found.log_threshold, data: found.log_threshold.data.map(Math.exp) };
    delete found.log_threshold;
  }
  for (const [name, letters] of Object.entries(tensors)) {
    const own = found[name];
    const shape = letters.map((letter) => config[letter]);
    if (!own) throw new UserError(`${path}: ${name} is missing, which ${config.architecture} has`);
    if (own.shape.join() !== shape.join()) {
      throw new UserError(
        `${path}: ${name} has the shape [${own.shape.join(', ')}], [${shape.join(', ')}] expected`,
      );
    }
    if (!own.data.every(Number.isFinite))
      throw new UserError(`${path}: ${name} has numbers that are not finite`);
  }
  const unknown = Object.keys(found).find((name) => !Object.hasOwn(tensors, name));
  if (unknown) throw new UserError(`${path}: ${unknown} is no tensor of ${config.architecture}`);
  return found;
}

/**
 * Ours take b_dec from the input; SAELens may be told not to (`apply_b_dec_to_input: false`). Then the biases behind the
 * encoder put it back: x·W + b = (x - b_dec)·W + (b + b_dec·W). A tied SAE has no bias, and SAELens leaves b_dec out of it.
 */
function takeInputAsItIs(weights: Record<string, Tensor32>, { folds }: Kind): void {
  const { W_enc, b_dec, r_mag } = weights;
  if (folds.length === 0) b_dec.data.fill(0);
  for (const name of folds) {
    const { data, shape } = weights[name];
    const shifted = data.map((bias, i) => {
      let sum = 0;
      for (let j = 0; j < b_dec.data.length; j++) sum += b_dec.data[j] * W_enc.data[j * data.length + i];
      return bias + sum * (name === 'b_mag' ? Math.exp(r_mag.data[i]) : 1);
    });
    weights[name] = { shape, data: shifted };
  }
}
