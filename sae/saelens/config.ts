import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '#contract/errors';
import { readSaved } from './file.ts';
import { type Kind, kinds } from './kinds.ts';
import { BadField, isLegacy, ofLegacy } from './legacy.ts';
import { registry } from './registry.ts';
import { type RowNorm, rowNorms } from './row-norm.ts';

/** What a `cfg.json` of any version says about the encoder. */
export interface SaelensConfig {
  /** SAELens' name of the architecture. */
  architecture: string;
  /** Width of x. */
  d_in: number;
  /** Number of latents. */
  d_sae: number;
  /** Whether b_dec is subtracted from x before it is encoded. */
  apply_b_dec_to_input: boolean;
  /** How SAELens normalises each row when it runs; null: not at all. */
  rowNorm: RowNorm | null;
  /** Factor on x before it is encoded, if the scale of training is not folded into the weights; else 1. */
  scale: number;
  /** The architecture's own fields. */
  own: Record<string, unknown>;
}

/** Fields that every SAE has. */
const Common = z.object({
  /** SAELens' name of the architecture. */
  architecture: z.string(),
  /** Width of x. */
  d_in: z.number().int().positive(),
  /** Number of latents. */
  d_sae: z.number().int().positive(),
  /** Whether b_dec is subtracted from x before it is encoded. */
  apply_b_dec_to_input: z.boolean().default(true),
  /** How rows are normalised, or at what scale the SAE was trained. */
  normalize_activations: z.union([z.string(), z.literal(false)]).nullish(),
  /** A reshaping of the activations of attention heads. */
  reshape_activations: z.string().nullish(),
  /** Type of the weights. They are read as float32, as by `load_from_disk(path, dtype="float32")`. */
  dtype: z
    .string()
    .regex(/^(torch\.)?(float32|float64|float16|bfloat16)$/)
    .default('float32'),
});

/**
 * Reads `cfg.json` of SAELens 2 to 6.
 * @throws UserError with file, field and reason if it cannot be read exactly
 */
export function readConfig(folder: string): SaelensConfig {
  const path = join(folder, 'cfg.json');
  const content = objectIn(path);
  try {
    const legacy = isLegacy(content);
    const fields = legacy ? ofLegacy(content) : content;
    const common = parsed(Common, fields);
    const { architecture, d_in, d_sae, apply_b_dec_to_input } = common;
    const kind = kindOf(architecture);
    // Before version 6 the file has all settings of the training run too.
    if (!legacy) refuseUnknown(fields, kind, architecture);
    if (common.reshape_activations && common.reshape_activations !== 'none') {
      throw new BadField(
        'reshape_activations',
        `is "${common.reshape_activations}"; only "none" fits rows of x`,
      );
    }
    if (!apply_b_dec_to_input && kind.folds === null) {
      throw new BadField('apply_b_dec_to_input', `is false, which is not read for ${architecture}`);
    }
    const own = parsed(kind.fields, fields);
    if (typeof own.k === 'number' && own.k > d_sae)
      throw new BadField('k', `is ${own.k} of ${d_sae} latents`);
    const norm = common.normalize_activations || 'none';
    const rowNorm = rowNorms.find((name) => name === norm) ?? null;
    const scale = rowNorm || norm === 'none' ? 1 : scaleOf(folder, norm);
    return { architecture, d_in, d_sae, apply_b_dec_to_input, rowNorm, scale, own };
  } catch (error) {
    if (error instanceof BadField) throw new UserError(`${path}: ${error.field} ${error.message}`);
    throw error;
  }
}

function objectIn(path: string): Record<string, unknown> {
  const text = readSaved(path).toString('utf8');
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message.split('\n')[0] : 'it is no object';
    throw new UserError(`${path}: not readable JSON (${why})`);
  }
}

function parsed<T>(schema: z.ZodType<T>, fields: Record<string, unknown>): T {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  const field = path.join('.');
  if (fields[field] === undefined) throw new BadField(field, 'is missing, and it cannot be guessed');
  throw new BadField(field, `is ${JSON.stringify(fields[field])}: ${message}`);
}

function kindOf(architecture: string): Kind {
  if (Object.hasOwn(kinds, architecture)) return kinds[architecture];
  const has = Object.hasOwn({ ...registry.inference, ...registry.training }, architecture);
  throw new BadField(
    'architecture',
    `"${architecture}" is none of ${Object.keys(kinds).join(', ')}${has ? ': SAELens has it, but it does not encode rows of x by themselves to reconstruct them' : ''}`,
  );
}

function refuseUnknown(fields: Record<string, unknown>, { known }: Kind, architecture: string): void {
  const all = new Set([...registry.common, ...registry.origin, 'architecture', ...known]);
  const unknown = Object.keys(fields).find((field) => !all.has(field));
  if (unknown === undefined) return;
  throw new BadField(
    unknown,
    `is no field of ${architecture} that is known here (SAELens ${registry.version}), so what it does to the codes is not either`,
  );
}

/**
 * The factor on x of training, if it is not folded into the weights: SAELens saves it beside a checkpoint of
 * a run.
 * @throws BadField if the folder does not have it
 */
function scaleOf(folder: string, norm: string): number {
  if (norm !== 'expected_average_only_in') {
    throw new BadField('normalize_activations', `is "${norm}", which is not known here`);
  }
  const path = join(folder, 'activation_scaler.json');
  const { scaling_factor, has_whitening } = existsSync(path) ? objectIn(path) : {};
  if (typeof scaling_factor === 'number' && scaling_factor > 0 && !has_whitening) return scaling_factor;
  throw new BadField(
    'normalize_activations',
    `is "${norm}", and no activation_scaler.json says the scale; save the SAE with it folded into its weights (fold_activation_norm_scaling_factor), which makes it "none"`,
  );
}
