import type { Confirmed } from '#contract/confirmed';
import type { Profile } from '#contract/profile';
import type { Sprint, SprintRun } from '#contract/sprint';
import { duration } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import { bestOf, type Ledger } from '../ledger/ledger.ts';
import { SLACK } from './pace.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'profile' | 'leaderboard' | 'limits' | 'since'>;
  journal: Journal;
  ledger: Ledger;
  /** The key that gains are confirmed by; null or unset where they are not. */
  secrets?: { readonly of: { readonly hash: string } } | null;
  /** The pool that runs take their places from; unset: one place. */
  ownDevices?: { readonly size: number };
}

/** Runs on secret worlds, and the seconds that one of them and its verdict take in the mean. */
export interface CheckCost {
  runs: number;
  samples: number;
  each: number;
}

/** A best that was measured again had the best before it beside it; the first one had none. */
const RUNS = { later: 3, first: 2 } as const;

/** What measuring a best again would take at this speed, before there is one; null where nothing confirms. */
export function likelyCheck(
  { confirm, budgets }: Pick<Profile, 'confirm' | 'budgets'>,
  samplesPerSecond: number,
): CheckCost | null {
  if (confirm === false) return null;
  const samples = confirm.samples ?? budgets.full;
  return { runs: RUNS.later, samples, each: samples / samplesPerSecond };
}

/**
 * What measuring this best again takes: by the rows and our clock of its own run and that of the best before
 * it, or by the time of its confirming, whichever is less. A speed that a trainer claims, or that of another
 * run, is no part of it, and neither is a run of its own that idled: by these a researcher could keep its
 * best from being measured again. `atATime`: the most runs at a time. Null where it is not known.
 */
export function checkCost(best: Sprint, sprints: readonly Sprint[], atATime: number): CheckCost | null {
  const { confirmed } = best;
  if (!confirmed) return null;
  const { samples } = confirmed;
  const before = sprints.find(({ id }) => id === confirmed.best?.sprint);
  const mine = secondsOf(best, best.candidate, samples);
  const theirs = confirmed.best ? secondsOf(before, confirmed.best.run, samples) : null;
  if (mine === null) return null;
  const runs = confirmed.best ? RUNS.later : RUNS.first;
  const training = 2 * mine + (confirmed.best ? (theirs ?? mine) : 0);
  const each = Math.min(training / runs + best.cost.judgeSeconds, eachConfirmed(confirmed, atATime));
  return { runs, samples, each };
}

/** At most what a run of its confirming took: no fewer runs than pairs of them were made, of each side. */
function eachConfirmed({ seconds, candidate, best }: Confirmed, atATime: number): number {
  // They were rounded to tens.
  return ((seconds + 5) * atATime) / (Math.max(1, candidate.n) * (best ? 2 : 1));
}

function secondsOf(sprint: Sprint | undefined, run: string | null, samples: number): number | null {
  const found = sprint?.runs.find(({ id }) => id === run);
  return found ? observedSeconds(found, samples) : null;
}

/** The seconds that so many samples take, by the rows that a run was served and our clock; null: unknown. */
export function observedSeconds(
  { seconds, rowsServed }: Pick<SprintRun, 'seconds' | 'rowsServed'>,
  samples: number,
): number | null {
  return seconds && rowsServed ? (samples * seconds) / rowsServed : null;
}

/**
 * The seconds that are kept at the end of the night for measuring the best again, with the verdict of a
 * candidate before it. Null where there is nothing to keep: the best was measured again, or the share of
 * confirming does not allow it. Runs side by side share the cores, so they are counted one after the other.
 */
export function keptForCheck(loop: LoopParts): (CheckCost & { seconds: number }) | null {
  const { config, journal, ledger, secrets } = loop;
  const { profile, leaderboard, limits, since } = config;
  const best = bestOf(ledger.sprints, leaderboard);
  if (profile.confirm === false || !best?.confirmed || best.checked) return null;
  if (best.confirmed.key !== secrets?.of.hash) return null;
  const places = loop.ownDevices?.size ?? 1;
  // In a pool of several places each run has one of its own.
  const atATime = places === 1 ? profile.confirm.sideBySide : places;
  const cost = checkCost(best, ledger.sprints, atATime);
  if (!cost) return null;
  const need = (cost.runs * cost.each) / atATime;
  const night = (limits.until.getTime() - since.getTime()) / 1000;
  if (journal.state().confirmSeconds + need > profile.confirm.share * night) return null;
  return { ...cost, seconds: SLACK * cost.runs * cost.each + best.cost.judgeSeconds };
}

/** "31 min (3 runs of 25000000 samples)". */
export const checkWords = ({ runs, samples }: CheckCost, seconds: number): string =>
  `${duration(seconds)} (${runs} runs of ${samples} samples)`;
