import type { MeasuredProfile } from '#contract/noise';
import { type RunSpec, specOf } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import type { TaskContract } from '#contract/task-contract';
import { show } from '../common/words.ts';
import { type Printed, sameRecipe, sameRun, sameWork } from './repeat.ts';

export type Stage = 'screen' | 'rank' | 'full';

/** The input for decisions by stages. */
export interface Stages {
  contract: Pick<TaskContract, 'metric' | 'goal'>;
  profile: Pick<MeasuredProfile, 'budgets' | 'noise'>;
  /** The run of the present best; null while there is none. */
  incumbent: SprintRun | null;
  /** All runs of the leaderboard, the open sprint's included. */
  runs: readonly SprintRun[];
}

/**
 * A run compared with the incumbent's at the same budget and seed, both by their last snapshot. `gain` is
 * positive where the run is better.
 */
export interface Comparison {
  value: number;
  incumbent: number;
  gain: number;
  against: SprintRun;
}

/**
 * The stage of a budget; null for a number of samples between the stages. Fewer samples than a screen count
 * as a screen.
 */
export function stageOf({ budgets }: Stages['profile'], samples: number): Stage | null {
  if (samples <= budgets.screen) return 'screen';
  if (samples === budgets.rank) return 'rank';
  return samples === budgets.full ? 'full' : null;
}

/**
 * The incumbent's run that a screen or rank run is compared with. Null where there is nothing to compare, or
 * where the run is the incumbent's own recipe.
 */
export function referenceFor(spec: RunSpec, { profile, incumbent }: Stages): RunSpec | null {
  const { screen, rank } = profile.budgets;
  if (!incumbent || (spec.samples !== screen && spec.samples !== rank)) return null;
  return sameRecipe(spec, incumbent)
    ? null
    : { ...specOf(incumbent), samples: spec.samples, seed: spec.seed };
}

/** The metrics of the last snapshot, where it was taken at the end of the run. */
export const atTheEnd = (run: SprintRun) =>
  run.evals.findLast((point) => point.samples >= run.samples)?.metrics;

/** Compares a run with its reference. Null where one of the two does not exist or was not measured. */
export function compare(run: SprintRun, stages: Stages): Comparison | null {
  const { metric, goal } = stages.contract;
  const reference = referenceFor(run, stages);
  const against = reference && finished(stages.runs).find((other) => sameRun(other, reference));
  const value = atTheEnd(run)?.[metric];
  const incumbent = against ? atTheEnd(against)?.[metric] : undefined;
  if (!against || value === undefined || incumbent === undefined) return null;
  return { value, incumbent, gain: goal === 'max' ? value - incumbent : incumbent - value, against };
}

/**
 * The gain of a recipe over the incumbent at a budget: the mean over all seeds at which both were measured,
 * so that trying seeds until one is lucky earns nothing. `noise` is that of this mean. Null where there is no
 * such seed.
 */
export function meanGain(
  recipe: RunSpec,
  samples: number,
  stages: Stages,
): { gain: number; seeds: number; noise: number } | null {
  const gains = finished(stages.runs)
    .filter((run) => run.samples === samples && sameRecipe(run, recipe))
    .flatMap((run) => compare(run, stages)?.gain ?? []);
  if (gains.length === 0) return null;
  const seeds = gains.length;
  const noise = noiseAt(samples, stages) / Math.sqrt(seeds);
  return { gain: gains.reduce((sum, gain) => sum + gain, 0) / seeds, seeds, noise };
}

/** The noise of one comparison at a budget; that of a screen for any budget that is no stage. */
const noiseAt = (samples: number, { profile }: Stages): number =>
  profile.noise[stageOf(profile, samples) ?? 'screen'];

/** Whether a mean gain is beyond its noise; without one there is none. */
const gained = (mean: ReturnType<typeof meanGain>): boolean => mean !== null && mean.gain > mean.noise;

/** Why a run has not been earned yet, and what to do instead; null where it has. */
export function unearned(spec: Printed, stages: Stages): string | null {
  const { budgets } = stages.profile;
  const stage = stageOf(stages.profile, spec.samples);
  if (stage === 'screen') return null;
  if (spec.from !== undefined)
    return 'a run that starts with the weights of another cannot become the best, so it earns no longer run: give budget "screen"';
  if (stage === null) {
    return `a run that is longer than a screen must have the samples of a stage, or it cannot be compared: give budget "rank" (${budgets.rank}) or "full" (${budgets.full})`;
  }
  const same = finished(stages.runs).filter((run) => sameRecipe(run, spec));
  if (!stages.incumbent) {
    if (same.some((run) => run.samples === budgets.screen)) return null;
    return `a ${stage} run has to be earned: first screen this code and these settings (budget "screen")`;
  }
  if (sameWork(stages.incumbent, spec)) {
    return stage === 'rank'
      ? null
      : `these are the code and settings of the present best, which has its full run already`;
  }
  const before = stage === 'rank' ? 'screen' : 'rank';
  if (gained(meanGain(spec, budgets[before], stages))) return null;
  const last = same.findLast((run) => run.samples === budgets[before]);
  if (!last) {
    return `a ${stage} run has to be earned: first make a ${before} run of exactly this code and these settings first (budget "${before}"); it has to beat the best's of the same budget and seed by more than ${stages.profile.noise[before]}`;
  }
  return `a ${stage} run has to be earned. ${standingOf(last, stages)}`;
}

/** The standing of a finished screen or rank run, in a sentence or two for the researcher. */
export function standingOf(run: SprintRun, stages: Stages): string {
  const { profile, contract, incumbent } = stages;
  const stage = stageOf(profile, run.samples);
  if (run.status !== 'finished' || stage === null || stage === 'full') return '';
  if (!incumbent) {
    return `There is no best yet to compare run ${run.id} with. A full run of the same code and settings is allowed (of: "${run.id}", budget "full").`;
  }
  const reference = referenceFor(run, stages);
  if (!reference) {
    return sameRecipe(run, incumbent) ? '' : SHORT;
  }
  const seen = compare(run, stages);
  if (!seen) {
    return `The best has no measured ${stage} run at seed ${run.seed} yet, so run ${run.id} cannot be compared. Wait for that run if it is queued, or start it (of: "${incumbent.id}", budget "${stage}", seed ${run.seed}).`;
  }
  const one = { gain: seen.gain, seeds: 1, noise: noiseAt(run.samples, stages) };
  const mean = meanGain(run, run.samples, stages) ?? one;
  const { gain, seeds, noise } = mean;
  const words = `${seeds > 1 ? `in the mean over the ${seeds} seeds tried ` : ''}a gain of ${show(gain)}`;
  const numbers = `Run ${run.id} against the best's ${stage} run at the same budget and seed (${seen.against.id}): ${contract.metric} ${show(seen.value)} to ${show(seen.incumbent)}`;
  const next = stage === 'screen' ? 'rank' : 'full';
  return gained(mean)
    ? `${numbers}, ${words} beyond the noise of ${show(noise)}. It has earned a ${next} run (of: "${run.id}", budget "${next}").`
    : `${numbers}${seeds > 1 ? `, ${words}` : ''}: no gain beyond the noise of ${show(noise)}, so it has earned no ${next} run. Change something and screen again, or give up the idea.`;
}

const SHORT = 'Shorter than a screen: it shows whether the code trains, and is not compared.';

/**
 * The candidate that the last full run is kept for. Recipes count that gained on the incumbent beyond the
 * noise and have no full run yet: the one with the best rank runs, else with the best screens (`meanGain`).
 * Returns its last run of that stage.
 */
export function bestCandidate(stages: Stages): SprintRun | null {
  const { rank, screen, full } = stages.profile.budgets;
  const done = finished(stages.runs);
  const hadFull = (run: SprintRun) => stages.runs.some((r) => r.samples === full && sameRecipe(r, run));
  for (const samples of [rank, screen]) {
    const better = done
      .filter((run) => run.samples === samples && run.role !== 'incumbent' && !hadFull(run))
      // A screen no longer counts once its recipe has a rank run.
      .filter((run) => samples === rank || !ranked(run, done, rank))
      .map((run) => ({ run, mean: meanGain(run, samples, stages) }))
      .filter(({ mean }) => gained(mean))
      .sort((a, b) => (a.mean?.gain ?? 0) - (b.mean?.gain ?? 0));
    const best = better.at(-1);
    if (best) return best.run;
  }
  return null;
}

const ranked = (run: SprintRun, done: readonly SprintRun[], rank: number) =>
  done.some((other) => other.samples === rank && sameRecipe(other, run));

const finished = (runs: readonly SprintRun[]) => runs.filter((run) => run.status === 'finished');
