import type { Sprint, SprintRun } from '#contract/sprint';

/** Samples a second of the last of these runs that told it. */
export function speedOf(runs: readonly SprintRun[]): number | null {
  return (
    runs.findLast((run) => run.status === 'finished' && (run.samplesPerSecond ?? 0) > 0)?.samplesPerSecond ??
    null
  );
}

/** What the latest runs of a leaderboard tell of this machine's speed. */
export const measuredSpeed = (sprints: readonly Sprint[]): number | null =>
  speedOf(sprints.flatMap((s) => s.runs));
