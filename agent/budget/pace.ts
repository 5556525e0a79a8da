import type { Profile } from '#contract/profile';
import type { Sprint, SprintRun } from '#contract/sprint';

/** The speed of training here, and the time left in the night. */
export interface Pace {
  samplesPerSecond: number;
  /**
   * `measured`: by a finished run. `probed`: by the speed probe, before the first run. `earlier`: by runs of
   * another loop.
   */
  from: 'measured' | 'probed' | 'earlier';
  secondsLeft: number;
  /** Seconds that judging the last candidate took; 0 before the first. */
  judgeSeconds: number;
  /** Seconds that confirming the last gain took; 0 before the first. A full run needs this time after it. */
  confirmSeconds: number;
}

/** Samples a second of the last run that has a speed; of this experiment, where it is named and was run. */
function speedOf(runs: readonly SprintRun[], experiment?: string): number | null {
  const told = runs.filter((run) => run.status === 'finished' && (run.samplesPerSecond ?? 0) > 0);
  const last = told.findLast((run) => run.experiment === experiment) ?? told.at(-1);
  return last?.samplesPerSecond ?? null;
}

/**
 * The pace, from runs of this loop, else from the probe, else from runs of earlier loops. Null where no
 * speed is known.
 */
export function paceOf(known: {
  mine: readonly SprintRun[];
  probed: number | null;
  earlier: readonly Sprint[];
  experiment?: string;
  secondsLeft: number;
}): Pace | null {
  const { mine, probed, earlier, experiment, secondsLeft } = known;
  const judged = earlier.findLast((s) => s.verdict !== null && !s.change.infrastructure);
  // A judge begins when its run ends: what was waited for the verdict may be less than what it takes.
  const judgeSeconds = Math.max(judged?.cost.judgeSeconds ?? 0, judged?.verdict?.seconds ?? 0);
  const confirmSeconds = earlier.findLast((s) => s.confirmed !== undefined)?.cost.confirmSeconds ?? 0;
  const found = (samplesPerSecond: number | null, from: Pace['from']): Pace | null =>
    samplesPerSecond === null ? null : { samplesPerSecond, from, secondsLeft, judgeSeconds, confirmSeconds };
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

/** Seconds that a run of `samples` samples takes, judging included. */
export const secondsFor = (samples: number, { samplesPerSecond, judgeSeconds }: Pace): number =>
  samples / samplesPerSecond + judgeSeconds;

/** How many runs of this budget still fit, one after the other. */
export const fits = (samples: number, pace: Pace): number =>
  Math.max(0, Math.floor(pace.secondsLeft / secondsFor(samples, pace)));

/** A factor for the researcher's thinking time between two runs and for varying speed. */
export const SLACK = 1.05;

/** Seconds that have to be left so that one full run surely fits. */
export const fullRunSeconds = ({ budgets }: Pick<Profile, 'budgets'>, pace: Pace): number =>
  SLACK * (secondsFor(budgets.full, pace) + pace.confirmSeconds);
