import type { SprintRun } from '#contract/sprint';
import { runsSoFar, stagesOf } from '../budget/plan.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { standingOf } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/**
 * How a run compares at its stage of the profile, among the runs that the sprint has started, in words; empty
 * where the budgets are not stages.
 */
export function standingAmong(loop: LoopParts, started: readonly string[], run: SprintRun): string {
  const soFar = runsSoFar(loop, started);
  const stages = stagesOf(loop, soFar);
  if (!stages) return '';
  // The incumbent's run decides about the runs that waited for it.
  const about =
    run.role === 'incumbent'
      ? soFar.mine.filter((r) => !r.role && r.samples === run.samples && r.seed === run.seed)
      : [run];
  return about.map((r) => standingOf(r, stages)).join('\n');
}
