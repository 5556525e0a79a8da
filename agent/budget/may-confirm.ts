import type { Confirm } from '#contract/profile';
import type { SprintRun } from '#contract/sprint';
import { homeOf } from '#host/worktree';
import type { Refusal } from '../common/refusal.ts';
import { duration } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Connection } from '../researcher/connection.ts';
import { observedSeconds } from './check-time.ts';
import { diskTrouble, type FreeBytes } from './disk.ts';
import { secondsFor } from './pace.ts';
import { paceNow, type RunsSoFar } from './plan.ts';
import { nightSecondsLeft } from './time-left.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/** Why runs on secret worlds may not be made. `share`: they would take more of the night than it gives. */
export type NoConfirm = Refusal<'time' | 'disk' | 'share'>;

type Asked = Pick<Confirm, 'share'> & {
  samples: number;
  sure: number;
  most: number;
  each?: number;
  like?: readonly SprintRun[];
};

/**
 * The gate of the runs that confirm a gain: so many runs and their verdicts have to end before the loop does,
 * `sure` of them at a time, and all confirming of a night together stays within its share of what the devices
 * can do, `most` at a time. `each`: the seconds that one and its verdict take; unset: by what runs `like`
 * them took in the mean, else by the pace, which is what trainers claim. Null where they may be made.
 */
export function mayConfirm(
  loop: LoopParts,
  { samples, share, sure, most, each, like = [] }: Asked,
  runs: number,
  soFar: RunsSoFar,
  free?: FreeBytes,
): NoConfirm | null {
  const { config, journal } = loop;
  const disk = diskTrouble(homeOf(config.repo), free);
  if (disk) return { code: 'disk', reason: disk };
  // The limits of a sprint are the researcher's, whose part is over.
  const left = nightSecondsLeft(loop);
  const pace = paceNow(loop, soFar);
  const observed = meanSeconds(like, samples);
  const claimed = pace ? secondsFor(samples, pace) : 0;
  const one = each ?? (observed === null ? claimed : observed + (pace?.judgeSeconds ?? 0));
  const alone = runs * one;
  const need = alone / sure;
  if (left <= 0 || need > left)
    return {
      code: 'time',
      reason: `it takes about ${duration(need)}, and ${duration(Math.max(0, left))} are left`,
    };
  const night = (config.limits.until.getTime() - config.since.getTime()) / 1000;
  const used = journal.state().confirmSeconds;
  const takes = alone / most;
  if (used + takes <= share * night) return null;
  return {
    code: 'share',
    reason: `it takes about ${duration(takes)}, ${duration(used)} of the night went to confirming already, and at most ${Math.round(share * 100)}% of its ${duration(night)} may`,
  };
}

/** What so many samples took in the mean of these runs, of which it is known. */
function meanSeconds(runs: readonly SprintRun[], samples: number): number | null {
  const known = runs.flatMap((run) => observedSeconds(run, samples) ?? []);
  return known.length === 0 ? null : known.reduce((sum, seconds) => sum + seconds, 0) / known.length;
}
