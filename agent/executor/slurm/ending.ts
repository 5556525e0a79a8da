import type { RunRecord } from '#contract/run';
import type { Ended } from './files.ts';
import type { Stopped } from './stopping.ts';

/** What is known of a job, from its run's folder and from Slurm. */
export interface Facts {
  id: string;
  /** What the job wrote last; null where nothing is seen (yet). */
  ended: Ended | null;
  /** The state that Slurm names; null where it no longer knows the job. */
  state: string | null;
  /** Whether the job may still run, or be started again, as far as is known. */
  active: boolean;
  /** Whether Slurm was asked after `ended` was seen. */
  askedSince: boolean;
  /** Whether a file system that lags has had its time. */
  overdue: boolean;
  /** Who has asked for the end. */
  stopped: Stopped | null;
  /** The last line of what Slurm and the job's program printed. */
  said: string | null;
}

/** How a run ended. */
export type Outcome = Pick<RunRecord, 'status' | 'reason'> & Required<Pick<RunRecord, 'endedBy'>>;
/** Nothing yet; or another job has to go on from what was saved, and why; or the end. */
export type Next = 'wait' | { again: string } | Outcome;

/** States of a job that was taken away, by no fault of its run. */
const TAKEN = ['NODE_FAIL', 'BOOT_FAIL', 'PREEMPTED', 'REVOKED', 'TIMEOUT', 'DEADLINE'];

/** What follows for a run from what is known of its job. */
export function nextOf(facts: Facts): Next {
  const { ended } = facts;
  if (ended?.noSandbox) {
    const { why, install } = ended.noSandbox;
    const reason = `node ${ended.node}: ${why}, so nothing was run there; ${install}; or keep jobs off the node (sbatch: ["--exclude=${ended.node}"] in TASK.md), or accept the risk with --sandbox off`;
    return { status: 'failed', reason, endedBy: 'limit' };
  }
  if (ended?.record) return afterRecord(facts, ended.record, ended);
  if (facts.active) return 'wait';
  if (facts.stopped) return killed(facts.stopped);
  return facts.overdue ? withoutRecord(facts) : 'wait';
}

const killed = ({ reason, by }: Stopped): Outcome => ({ status: 'killed', reason, endedBy: by });

/** The job has said how its run ended. By a signal, it may be started again: Slurm knows. */
function afterRecord(facts: Facts, record: RunRecord, { cut }: Ended): Next {
  const { status, reason, endedBy = 'trainer' } = record;
  if (endedBy !== 'outside') return { status, reason, endedBy };
  if (facts.stopped) return killed(facts.stopped);
  if (cut === 'time-limit') return { again: `job ${facts.id} came to its time limit` };
  if (facts.active || !facts.askedSince) return 'wait';
  return taken(facts) ?? { status, reason: `job ${facts.id} was ended in Slurm (${facts.state})`, endedBy };
}

/** The job is gone and has left no word. */
function withoutRecord(facts: Facts): Next {
  const { id, state, said } = facts;
  const again = taken(facts);
  if (again) return again;
  if (state === 'OUT_OF_MEMORY') {
    const reason = `Slurm ended job ${id} for the memory that it held`;
    return { status: 'out-of-memory', reason, endedBy: 'trainer' };
  }
  if (state === 'CANCELLED')
    return { status: 'killed', reason: `job ${id} was cancelled in Slurm`, endedBy: 'outside' };
  const last = said === null ? '' : `: ${said.slice(0, 300)}`;
  const reason = `job ${id} ended (${state}) and left no record${last} (slurm/slurm.log)`;
  return { status: 'failed', reason, endedBy: 'outside' };
}

function taken({ id, state }: Facts): { again: string } | null {
  if (state === null) return { again: `Slurm no longer knows job ${id}` };
  return TAKEN.includes(state) ? { again: `job ${id} was taken away (${state})` } : null;
}
