import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { UserError } from './errors.ts';
import type { Profile } from './profile.ts';
import { profileOf, type Task } from './task.ts';

const deviation = z.number().nonnegative();

/** The spread of one number of a verdict over seeds. */
export const Spread = z.strictObject({
  mean: z.number(),
  /** Standard deviation of one run: over seeds, pooled over the recipes. */
  run: deviation,
  /** Standard deviation of the difference of two recipes that are trained on the same seed. */
  difference: deviation,
  /** What the runs gave, one entry a seed: the recipe's number, then that of the recipe beside it. */
  values: z.array(z.array(z.number())).optional(),
});
export type Spread = z.infer<typeof Spread>;

/** The noise at one budget: what was trained, how often, and how far the runs were apart. */
export const NoiseAt = z.strictObject({
  samples: z.number().int().positive(),
  /** How many seeds. */
  n: z.number().int().min(2, 'must be at least 2: one run has no spread'),
  /** Degrees of freedom of `run`; unset: one less than the seeds, for each recipe. */
  df: z.number().int().positive().optional(),
  /** Where these numbers come from, in words. */
  source: z.string().min(1),
  /** The recipe, and the one beside it whose runs make the pairs; null: no runs were paired. */
  experiment: z.string().optional(),
  beside: z.string().nullable().optional(),
  settings: z.record(z.string(), z.string()).optional(),
  seeds: z.array(z.number().int()).optional(),
  /** What the numbers of a run are: its verdict, or its last snapshot; and on how many fresh rows. */
  measured: z.enum(['verdict', 'snapshot']).optional(),
  rows: z.number().int().positive().optional(),
  /** The commit and the tree of the workspace that were trained, when, and the command. */
  commit: z.string().optional(),
  tree: z.string().optional(),
  at: z.string().optional(),
  command: z.string().optional(),
  metrics: z.record(z.string(), Spread),
});
export type NoiseAt = z.infer<typeof NoiseAt>;

export const BUDGETS = ['screen', 'rank', 'full'] as const;
export type Budget = (typeof BUDGETS)[number];

/** The noise file of a profile, as `npm run noise` writes it. */
const NoiseFile = z.strictObject({
  version: z.literal(1),
  profile: z.string(),
  about: z.string(),
  budgets: z.strictObject({ screen: NoiseAt, rank: NoiseAt, full: NoiseAt }),
});
/** The same while it is being made: budgets may be missing. */
export const NoiseDraft = NoiseFile.extend({ budgets: NoiseFile.shape.budgets.partial() });
export type NoiseDraft = z.infer<typeof NoiseDraft>;

/**
 * The noise of a profile by budget: one standard deviation of the difference of two runs of equal worth in
 * the deciding metric. A gain at or below it is none.
 */
export interface Noise extends Readonly<Record<Budget, number>> {
  /**
   * The deviation of the difference of two runs of unlike recipes, which share no more than their data: never
   * less than that of runs that share nothing. And the degrees of freedom that it was estimated with.
   */
  readonly unlike: Readonly<Record<Budget, { deviation: number; df: number }>>;
  /** Where the numbers come from, in words. */
  readonly from: string;
}

/** A number in TASK.md does not say how it was estimated: it counts as one of five seeds. */
const DF_UNKNOWN = 4;

/** The budget whose noise holds for so many samples: the largest that is not larger. */
export const budgetOf = (budgets: Readonly<Record<Budget, number>>, samples: number): Budget =>
  [...BUDGETS].reverse().find((budget) => budgets[budget] <= samples) ?? 'screen';

/** A profile without its noise. */
export type PlainProfile = Omit<Profile, 'noise' | 'noiseFrom'>;

/** A profile whose noise is read from its file. */
export type MeasuredProfile = PlainProfile & { noise: Noise };

/** The profile of that name, and its noise. @throws UserError as `profileOf` and `noiseOf` do. */
export function measuredProfile(task: Task, name: string): MeasuredProfile {
  const { noiseFrom: _, ...profile } = profileOf(task, name);
  return { ...profile, noise: noiseOf(task, name) };
}

/**
 * The noise of a profile: from the file that TASK.md names, else the one number that it states for all
 * budgets.
 * @throws UserError, one line, that names the file, the field and the remedy.
 */
export function noiseOf(task: Task, profileName: string): Noise {
  const { noise, noiseFrom, budgets } = profileOf(task, profileName);
  if (typeof noise === 'number') {
    const one = { deviation: noise, df: DF_UNKNOWN };
    const unlike = { screen: one, rank: one, full: one };
    return { screen: noise, rank: noise, full: noise, unlike, from: noiseFrom };
  }
  const path = join(dirname(task.path), noise);
  const { metric } = task.contract;
  const remedy = `measure it with: npm run noise -- ${profileName}`;
  if (!existsSync(path))
    throw new UserError(
      `${path}: not found, and ${task.path} names it as the noise of ${profileName}; ${remedy}`,
    );
  const file = readNoise(path, NoiseFile, remedy);
  if (file.profile !== profileName)
    throw new UserError(`${path}: profile: is "${file.profile}", not "${profileName}"; ${remedy}`);
  const level = (budget: Budget): number => {
    const { samples, metrics } = file.budgets[budget];
    if (samples !== budgets[budget])
      throw new UserError(
        `${path}: budgets.${budget}.samples: is ${samples}, and the profile's budget is ${budgets[budget]}; ${remedy} --budgets ${budget}`,
      );
    const spread = metrics[metric];
    if (!spread) throw new UserError(`${path}: budgets.${budget}.metrics.${metric}: is missing; ${remedy}`);
    // Two digits: no more can be told from a few seeds, and what is shown is what decides.
    return Number(spread.difference.toPrecision(2));
  };
  const { source } = file.budgets.full;
  const unlike = (budget: Budget) => {
    const { n, df, beside, metrics } = file.budgets[budget];
    const { run = 0, difference = 0 } = metrics[metric] ?? {};
    return {
      deviation: Number(Math.max(difference, Math.SQRT2 * run).toPrecision(2)),
      df: df ?? (n - 1) * (beside ? 2 : 1),
    };
  };
  return {
    ...{ screen: level('screen'), rank: level('rank'), full: level('full') },
    unlike: { screen: unlike('screen'), rank: unlike('rank'), full: unlike('full') },
    from: `one standard deviation of the difference of two runs: ${source}; ${noise}`,
  };
}

/** Reads a noise file. @throws UserError, one line, that names the first field that is wrong. */
export function readNoise<T>(path: string, schema: z.ZodType<T>, remedy: string): T {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`${path}: cannot be read (${(error as Error).message}); ${remedy}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path ?? [];
  const there = at.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null)?.[key],
    json,
  );
  const why =
    issue?.code === 'unrecognized_keys'
      ? `has fields that are none of a noise file: ${issue.keys.join(', ')}`
      : there === undefined
        ? 'is missing'
        : issue?.message;
  throw new UserError(`${path}: ${at.join('.') || 'file'}: ${why}; ${remedy}`);
}
