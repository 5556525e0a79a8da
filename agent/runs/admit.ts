import type { RunSpec } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { type AskedRun, mayStart } from '../budget/may-start.ts';
import { type RunsSoFar, runsSoFar, stagesOf } from '../budget/plan.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  isNearly,
  nearRuns,
  type Printed,
  refuseOfOthers,
  refuseOpen,
  refuseRepeat,
  sameRun,
} from '../ledger/repeat.ts';
import { referenceFor, type Stages } from '../ledger/stages.ts';
import { ToolMistake } from '../requests/paths.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Jobs } from './jobs.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

/** A run that may be made, and that the device is reserved for. */
interface Admitted extends AskedRun {
  /** Runs that it nearly repeats. */
  near: SprintRun[];
  /** Runs of other researchers that it nearly repeats, and that wait or train. */
  nearOpen: { id: string; researcherId: string }[];
}

/** Admits a run that a researcher asks for. @throws ToolMistake where it may not be made. */
export function admit(loop: LoopParts, sprint: string | null, jobs: Jobs, spec: Printed): Admitted {
  const soFar = runsSoFar(loop, jobs.started);
  const all = runsOf(soFar);
  refuseRepeat(spec, all);
  const open = jobs.openSpecs;
  refuseOpen(spec, open);
  const { state, researcherId } = loop.journal;
  const others = state().reserved.filter((run) => run.researcherId !== researcherId);
  refuseOfOthers(spec, others);
  const stages = stagesOf(loop, soFar);
  const missing = stages && missingReference(spec, stages, [...open.map((one) => one.spec), ...others]);
  const ticket = jobs.freshTicket();
  const reference = missing && { ticket: jobs.freshTicket(ticket), spec: missing };
  const asked: AskedRun = { sprint, ticket, spec, reference };
  const no = mayStart(loop, asked, soFar);
  if (no) throw new ToolMistake(no.reason);
  const nearOpen = others
    .filter((run) => run.role === undefined && isNearly(run, spec))
    .map(({ run, ticket, researcherId }) => ({ id: run ?? ticket, researcherId }));
  return { ...asked, near: nearRuns(spec, all), nearOpen };
}

/**
 * The incumbent's run to compare with; null where none is needed, or it is finished or queued already, by
 * whomever.
 */
function missingReference(spec: RunSpec, stages: Stages, open: readonly RunSpec[]): RunSpec | null {
  const reference = referenceFor(spec, stages);
  if (!reference) return null;
  const there = stages.runs.some((run) => run.status === 'finished' && sameRun(run, reference));
  const coming = open.some((other) => sameRun(other, reference));
  return there || coming ? null : reference;
}

export const runsOf = ({ sprints, mine, others = [] }: RunsSoFar): SprintRun[] => [
  ...sprints.flatMap((s) => s.runs),
  ...others,
  ...mine,
];
