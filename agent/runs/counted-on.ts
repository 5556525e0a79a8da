import { setTimeout as sleep } from 'node:timers/promises';
import { type RunSpec, specOf } from '#contract/run';
import { runsSoFar, stagesOf } from '../budget/plan.ts';
import type { Stopper } from '../budget/stop.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { sameRun } from '../ledger/repeat.ts';
import { referenceFor } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';
import { orStopped } from './end.ts';
import type { Job } from './job.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/** How often a sprint that has ended looks whether another one still counts on its run of the best. */
const LOOK_MS = 500;

/**
 * The runs of the best among these that another researcher counts on: it has a run in its open sprint,
 * queued, under way or finished, that is to be compared with it. It was requested once for all.
 */
export function countedOn(loop: LoopParts, jobs: readonly Job[]): Job[] {
  const soFar = runsSoFar(loop, []);
  const stages = stagesOf(loop, soFar);
  if (!stages) return [];
  const { state, researcherId } = loop.journal;
  const { reserved } = state();
  const ended = (soFar.others ?? []).filter(({ status }) => status === 'finished').map(specOf);
  const open = reserved.filter((run) => run.researcherId !== researcherId && !run.role);
  const wanted: RunSpec[] = [...ended, ...open].flatMap((run) => referenceFor(run, stages) ?? []);
  const isOfBest = ({ ticket }: Job) =>
    reserved.some(
      (run) => run.researcherId === researcherId && run.ticket === ticket && run.role === 'incumbent',
    );
  return jobs.filter((job) => isOfBest(job) && wanted.some((run) => job.spec && sameRun(run, job.spec)));
}

/** Waits until these have ended, or nobody counts on them any longer, or the loop is asked to stop. */
export async function whileCountedOn(
  loop: LoopParts & { stopper: Stopper },
  jobs: readonly Job[],
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<void> {
  const { stopper } = loop;
  const left = () => countedOn(loop, jobs).filter(({ state }) => state !== 'ended');
  for (let open = left(); open.length > 0 && !stopper.keep.aborted; open = left())
    await Promise.race([orStopped(stopper, Promise.all(open.map(({ ended }) => ended))), wait(LOOK_MS)]);
}
