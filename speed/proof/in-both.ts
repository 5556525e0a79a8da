import { join } from 'node:path';
import { UserError } from '#contract/errors';
import { measuredProfile } from '#contract/noise';
import { readTask } from '#contract/task';
import type { Asked } from './parts.ts';
import { type Trained, trainAndJudge } from './train-and-judge.ts';

/** The default recipe on one seed, with encodes in float32 and in TF32. */
export interface InBoth {
  profile: string;
  samples: number;
  seed: number;
  /** Fresh samples, the same for both verdicts. */
  judged: number;
  fp32: Metrics;
  tf32: Metrics;
  /** Standard deviation of the difference in F1 of two like runs of a seed, from the profile's noise file. */
  noise: number;
}

type Metrics = { f1: number; mcc: number };

/** What several seeds say of the difference in F1, TF32 less float32. */
interface Difference {
  seeds: number;
  mean: number;
  /** What it may be by chance: two standard errors, at which one of twenty would be further from 0. */
  allowed: number;
  /** How large a true difference has to be for so many seeds to find it in four cases of five. */
  found: number;
}

const POWER = 0.84;

/** @param pairs at least one, of one profile */
export function differenceOf(pairs: readonly Pick<InBoth, 'fp32' | 'tf32' | 'noise'>[]): Difference {
  const seeds = pairs.length;
  const mean = pairs.reduce((sum, { fp32, tf32 }) => sum + tf32.f1 - fp32.f1, 0) / seeds;
  const error = Math.max(...pairs.map(({ noise }) => noise)) / Math.sqrt(seeds);
  return { seeds, mean, allowed: 2 * error, found: (2 + POWER) * error };
}

/**
 * `medium`: of the profiles that a card trains in seconds, the one with the least noise. In software the
 * tensor cores are emulated: as little is trained as shows that the part works.
 */
const SIZES = { full: { profile: 'medium' }, small: { profile: 'small', samples: 20_480, judged: 20_480 } };

/**
 * Trains and judges a seed twice, on the same samples and side by side, since steps of this size leave most
 * of a card idle. Each is judged by an encoder that encodes as its trainer did.
 * @throws Error with the error line of the first that fails, UserError where one did not encode as asked
 */
export async function inBoth(
  { backend, size, seed }: Extract<Asked, { kind: 'tf32' }>,
  make: typeof trainAndJudge = trainAndJudge,
): Promise<InBoth> {
  const { profile: name, ...fixed } = SIZES[size];
  const profile = measuredProfile(readTask(join(import.meta.dirname, '../../TASK.md')), name);
  const { world, budgets, evaluation, noise } = profile;
  const { samples, judged } = { samples: budgets.full, judged: evaluation.verdict, ...fixed };
  const asked = { backend, profile: name, world, samples, seed, evaluation: { samples: judged, seed } };
  const made = await Promise.allSettled([
    make({ ...asked, encode: 'fp32' }),
    make({ ...asked, encode: 'tf32' }),
  ]);
  const [fp32, tf32] = made.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  }) as [Trained, Trained];
  if (tf32.precision !== 'tf32' || fp32.precision !== 'fp32')
    throw new UserError(`${tf32.label}: it did not encode in TF32, or the other one did (${fp32.label})`, 1);
  if (fp32.drawnBy !== tf32.drawnBy)
    throw new UserError('the samples of the two were drawn by different devices, so they are no pair', 1);
  const metrics = ({ verdict: { metrics } }: Trained): Metrics => ({ f1: metrics.f1, mcc: metrics.mcc });
  return {
    ...{ profile: name, samples, seed, judged, fp32: metrics(fp32), tf32: metrics(tf32) },
    noise: noise.full,
  };
}
