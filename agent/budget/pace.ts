import type { Sprint, SprintRun } from '#contract/sprint';
import type { Profile } from '#contract/task';

/** How fast this machine is, and how much of the night is left. */
export interface Pace {
  samplesPerSecond: number;
  /** `measured` by a finished run, `probed` before the first, `earlier`: by runs of another loop. */
  from: 'measured' | 'probed' | 'earlier';
  secondsLeft: number;
  /** What judging the last candidate took; 0 before the first. */
  judgeSeconds: number;
}

/**
 * Samples a second of the last of these runs that told it; of this experiment, where one is named and was
 * run.
 */
function speedOf(runs: readonly SprintRun[], experiment?: string): number | null {
  const told = runs.filter((run) => run.status === 'finished' && (run.samplesPerSecond ?? 0) > 0);
  const last = told.findLast((run) => run.experiment === experiment) ?? told.at(-1);
  return last?.samplesPerSecond ?? null;
}

/**
 * What is known of this machine's speed: by runs of this loop, else by the probe, else by runs of earlier
 * loops. Null: nothing yet.
 */
export function paceOf(known: {
  mine: readonly SprintRun[];
  probed: number | null;
  earlier: readonly Sprint[];
  experiment?: string;
  secondsLeft: number;
}): Pace | null {
  const { mine, probed, earlier, experiment, secondsLeft } = known;
  const judgeSeconds =
    earlier.findLast((s) => s.verdict !== null && !s.change.infrastructure)?.cost.judgeSeconds ?? 0;
  const found = (samplesPerSecond: number | null, from: Pace['from']): Pace | null =>
    samplesPerSecond === null ? null : { samplesPerSecond, from, secondsLeft, judgeSeconds };
  return (
    found(speedOf(mine, experiment), 'measured') ??
    found(probed, 'probed') ??
    found(
      speedOf(
        earlier.flatMap((s) => s.runs),
        experiment,
      ),
      'earlier',
    )
  );
}

/** Seconds that a run of so many samples takes with its judging. */
export const secondsFor = (samples: number, { samplesPerSecond, judgeSeconds }: Pace): number =>
  samples / samplesPerSecond + judgeSeconds;

/** How many runs of a budget still fit, one after the other. */
export const fits = (samples: number, pace: Pace): number =>
  Math.max(0, Math.floor(pace.secondsLeft / secondsFor(samples, pace)));

/** The researcher thinks between two runs, and no speed is constant. */
const SLACK = 1.05;

/** What has to be left so that one full run surely fits. */
export const fullRunSeconds = ({ budgets }: Pick<Profile, 'budgets'>, pace: Pace): number =>
  SLACK * secondsFor(budgets.full, pace);
