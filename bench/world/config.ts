import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '#contract/errors';

const count = z.number().int().min(1);
const seed = z.number().int().nonnegative();
const probability = z.number().gt(0).max(1);
const positive = z.number().gt(0);

/**
 * Limits of a world. Beyond them its tables, or EᵀE of its orthogonalisation, do not fit the kernels'
 * memory of 4 GB.
 */
const MAX_FEATURES = 1 << 20;
const MAX_DIMENSIONS = 1 << 14;
const MAX_NUMBERS = 1 << 29;
const MAX_LOADINGS = 1 << 27;

/** Fields that Python writes as floats: 5 is printed as 5.0. The hash of a config depends on that. */
const FLOATS = new Set(
  (
    'exponent max_prob min_prob probability mutually_exclusive_portion lr correlation_scale ' +
    'mean std min_value max_value start end value bias std_firing_magnitudes mean_firing_magnitudes'
  ).split(' '),
);

const spread = <T extends { min_prob: number; max_prob: number }>(o: T) => o.min_prob <= o.max_prob;
const spreadMessage = { message: 'min_prob must not be above max_prob', path: ['min_prob'] };

const FiringProbability = z.discriminatedUnion('generator_name', [
  z
    .strictObject({
      exponent: positive.default(1),
      max_prob: probability.default(0.3),
      min_prob: probability.default(0.01),
      generator_name: z.literal('zipfian'),
    })
    .refine((o) => o.min_prob < o.max_prob, { message: 'must be below max_prob', path: ['min_prob'] }),
  z
    .strictObject({
      max_prob: probability.default(0.3),
      min_prob: probability.default(0.01),
      generator_name: z.literal('linear'),
    })
    .refine(spread, spreadMessage),
  z
    .strictObject({
      max_prob: probability.default(0.5),
      min_prob: probability.default(0.01),
      generator_name: z.literal('random'),
    })
    .refine(spread, spreadMessage),
  z.strictObject({ probability: probability.default(0.1), generator_name: z.literal('constant') }),
]);
export type FiringProbability = z.infer<typeof FiringProbability>;

const Hierarchy = z
  .strictObject({
    total_root_nodes: count.default(100),
    branching_factor: z
      .union(
        [
          z.number().int().min(2),
          z
            .tuple([z.number().int().min(2), z.number().int().min(2)])
            .refine(([low, high]) => low <= high, 'must be [min, max] with min <= max'),
        ],
        'must be a whole number from 2 up, or [min, max] of such',
      )
      .default(100),
    max_depth: count.default(2),
    mutually_exclusive_portion: z.number().min(0).max(1).default(0),
    mutually_exclusive_min_depth: z.number().int().nonnegative().default(0),
    mutually_exclusive_max_depth: z.number().int().nonnegative().nullable().default(null),
    compensate_probabilities: z.boolean().default(false),
    scale_children_by_parent: z.boolean().default(false),
  })
  .refine(
    (h) =>
      h.mutually_exclusive_max_depth === null ||
      h.mutually_exclusive_max_depth >= h.mutually_exclusive_min_depth,
    { message: 'must not be below mutually_exclusive_min_depth', path: ['mutually_exclusive_max_depth'] },
  );
export type HierarchyConfig = z.infer<typeof Hierarchy>;

const Magnitude = z.union(
  [
    z.number().nonnegative(),
    z.discriminatedUnion('generator_name', [
      z.strictObject({ value: z.number().nonnegative().default(1), generator_name: z.literal('constant') }),
      z.strictObject({ start: positive, end: positive, generator_name: z.literal('linear') }),
      z.strictObject({ start: positive, end: positive, generator_name: z.literal('exponential') }),
      z
        .strictObject({
          mean: z.number().default(0),
          std: positive.default(0.1),
          min_value: z.number().nonnegative().nullable().default(null),
          max_value: positive.nullable().default(null),
          generator_name: z.literal('folded_normal'),
          seed: seed.nullable().optional(),
        })
        .refine((o) => (o.min_value ?? 0) <= (o.max_value ?? Number.POSITIVE_INFINITY), {
          message: 'must not be above max_value',
          path: ['min_value'],
        }),
    ]),
  ],
  'must be a number or have a generator_name: constant, linear, exponential or folded_normal',
);
export type Magnitude = z.infer<typeof Magnitude>;

/**
 * `synthetic_model_config.json` of a SynthSAEBench model (SAELens `SyntheticModelConfig`), with its defaults.
 * The order of the fields is that of the released file: the SHA-256 of `configText` depends on it.
 */
const WorldFields = z.strictObject({
  num_features: count.max(MAX_FEATURES),
  hidden_dim: count.max(MAX_DIMENSIONS),
  firing_probability: FiringProbability.default({
    exponent: 1,
    max_prob: 0.3,
    min_prob: 0.01,
    generator_name: 'zipfian',
  }),
  hierarchy: Hierarchy.nullable().default(null),
  orthogonalization: z
    .strictObject({
      num_steps: z.number().int().nonnegative().default(200),
      lr: positive.default(0.01),
      chunk_size: count.default(1024),
    })
    .nullable()
    .default(null),
  correlation: z
    .strictObject({
      rank: count.max(1024).default(32),
      correlation_scale: z.number().nonnegative().default(0.1),
      seed: seed.nullable().default(null),
    })
    .nullable()
    .default(null),
  std_firing_magnitudes: Magnitude.default(0),
  mean_firing_magnitudes: Magnitude.default(1),
  /** true: a vector of norm 1; a number: of that norm; false: none. */
  bias: z
    .union([z.boolean(), z.number().nonnegative()], 'must be true, false or a number, 0 or more')
    .default(1),
  dtype: z.literal('float32').default('float32'),
  seed: seed.nullable().default(null),
});
export const WorldConfig = WorldFields.refine((c) => c.num_features * c.hidden_dim <= MAX_NUMBERS, {
  message: `num_features times hidden_dim must not be above ${MAX_NUMBERS}`,
  path: ['hidden_dim'],
}).refine((c) => c.num_features * (c.correlation?.rank ?? 0) <= MAX_LOADINGS, {
  message: `num_features times rank must not be above ${MAX_LOADINGS}`,
  path: ['correlation', 'rank'],
});
export type WorldConfig = z.infer<typeof WorldConfig>;

/**
 * Checks a config and fills in its defaults. `where` names the source in messages.
 * @throws UserError that names every wrong field and what was expected there.
 */
export function parseConfig(value: unknown, where: string): WorldConfig {
  const parsed = WorldConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(`${where}: ${parsed.error.issues.flatMap((issue) => problemsOf(issue)).join('; ')}`);
}

function problemsOf(issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): string[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...path, key].join('.')}: is not a field of a world config`);
  }
  // Of several allowed shapes, the intended one is that in which only fields are wrong.
  const isOfField = (one: z.core.$ZodIssue): boolean =>
    one.code === 'unrecognized_keys' || (typeof one.path[0] === 'string' && one.code !== 'invalid_union');
  const meant =
    issue.code === 'invalid_union' && issue.errors.find((all) => all.length > 0 && all.every(isOfField));
  if (meant) return meant.flatMap((one) => problemsOf(one, path));
  return [`${path.join('.') || 'config'}: ${issue.message}`];
}

/** @throws UserError when the file is missing, is not JSON or has a wrong field. */
export function readConfig(path: string): WorldConfig {
  return parseConfig(readJson(path), path);
}

/** @throws UserError when the file is missing or is not JSON. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message quotes the file, with its line breaks.
    throw new UserError(`${path}: is not JSON: ${(error as Error).message.replace(/\s+/g, ' ')}`);
  }
}

/** The config as the reference writes it: two spaces, Python's floats, no final newline. */
export function configText(config: WorldConfig): string {
  return pythonJson(config, FLOATS);
}

/** JSON with an indent of two as Python's `json.dumps` prints it; numbers under the named keys are floats. */
function pythonJson(value: unknown, floats: ReadonlySet<string>, key = '', indent = ''): string {
  if (typeof value === 'number') return floats.has(key) ? pythonFloat(value) : String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const lines = Array.isArray(value)
    ? value.map((item) => inner + pythonJson(item, floats, key, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => `${inner}${JSON.stringify(name)}: ${pythonJson(item, floats, name, inner)}`);
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** repr() of a Python float: 5.0, 0.0003, 1e-05. */
function pythonFloat(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/**
 * The released synth-sae-bench-16k-v1. Its published config has parent scaling off, although the paper says
 * otherwise.
 */
export const SYNTH_16K: WorldConfig = parseConfig(
  {
    num_features: 16384,
    hidden_dim: 768,
    firing_probability: { exponent: 0.5, max_prob: 0.4, min_prob: 0.0005, generator_name: 'zipfian' },
    hierarchy: {
      total_root_nodes: 128,
      branching_factor: 4,
      max_depth: 3,
      mutually_exclusive_portion: 1,
      mutually_exclusive_min_depth: 0,
      mutually_exclusive_max_depth: null,
      compensate_probabilities: true,
      scale_children_by_parent: false,
    },
    orthogonalization: { num_steps: 100, lr: 0.0003, chunk_size: 1024 },
    correlation: { rank: 25, correlation_scale: 0.1, seed: null },
    std_firing_magnitudes: {
      mean: 0.5,
      std: 0.5,
      min_value: null,
      max_value: null,
      generator_name: 'folded_normal',
    },
    mean_firing_magnitudes: { start: 5, end: 4, generator_name: 'linear' },
    bias: 0.5,
    dtype: 'float32',
    seed: 42,
  },
  'synth-16k',
);
