import { setTimeout as sleep } from 'node:timers/promises';
import type { Role, RunSpec } from '#contract/run';
import { runsSoFar, stagesOf } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { sameRun } from '../ledger/repeat.ts';
import { referenceFor } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
  stopper: Pick<Stopper, 'keep'>;
}

/** The runs of a sprint, as far as this file uses them. */
interface Runs {
  readonly started: readonly string[];
  begin(spec: RunSpec, role?: Role): string;
  wait(id: string): Promise<{ ended: boolean }>;
}

/** How often to look whether the run of another researcher has ended. */
const LOOK_MS = 500;

/**
 * Waits for the run of the best that a screen or rank run is compared with, where another researcher makes
 * it, and makes it where nobody does any longer, once. False where the loop is asked to stop before.
 */
export async function hasReference(
  loop: LoopParts,
  runs: Runs,
  spec: RunSpec,
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<boolean> {
  const { journal, stopper } = loop;
  for (let made = false; ; ) {
    const stages = stagesOf(loop, runsSoFar(loop, runs.started));
    const reference = stages && referenceFor(spec, stages);
    if (!reference || stages.runs.some((run) => run.status === 'finished' && sameRun(run, reference)))
      return true;
    if (stopper.keep.aborted) return false;
    if (journal.state().reserved.some((run) => sameRun(run, reference))) await wait(LOOK_MS);
    else if (made) return true;
    else {
      made = true;
      if (!(await runs.wait(runs.begin(reference, 'incumbent'))).ended) return false;
    }
  }
}
