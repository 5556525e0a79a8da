import { userInfo } from 'node:os';
import { askSlurm } from './ask.ts';
import { isJobName } from './commands.ts';

/** A job as Slurm sees it. */
export interface Seen {
  id: string;
  /** PENDING, RUNNING, COMPLETING, NODE_FAIL ... */
  state: string;
  /** Why it waits: Resources, Priority, QOSMaxJobsPerUserLimit ... */
  reason: string;
  node: string;
}

const mine = ['squeue', '--noheader', `--user=${userInfo().username}`];

/** All of these jobs that Slurm still knows, by name, asked in one call; null where it does not answer. */
export async function squeue(names: readonly string[]): Promise<Map<string, Seen> | null> {
  const format = '--format=%j|%i|%T|%r|%N';
  const answer = await askSlurm([...mine, '--states=all', `--name=${names.join(',')}`, format]);
  if (!('stdout' in answer)) return null;
  const lines = answer.stdout.split('\n').filter((line) => line.includes('|'));
  return new Map(
    lines.map((line) => {
      const [name = '', id = '', state = '', reason = '', node = ''] = line.split('|');
      return [name, { id, state, reason, node }];
    }),
  );
}

/** Whether a run of this user, of whichever loop, waits or trains as a job. */
export async function hasRuns(): Promise<boolean> {
  const answer = await askSlurm([...mine, '--format=%j']);
  return 'stdout' in answer && answer.stdout.split('\n').some((name) => isJobName(name.trim()));
}

/**
 * The state of a job that Slurm no longer knows, from its accounting; null where there is none, or it has no
 * such job. The name, because a controller that has lost its state gives numbers again.
 */
export async function sacct(id: string, name: string): Promise<string | null> {
  const words = ['--noheader', '--parsable2', '--allocations', `--name=${name}`, '-j', id, '-o', 'State'];
  const answer = await askSlurm(['sacct', ...words]);
  // The last line is the last start of the job. A cancelled one is "CANCELLED by 1000".
  const [state = ''] = 'stdout' in answer ? (answer.stdout.trim().split('\n').at(-1) ?? '').split(' ') : [];
  return state === '' ? null : state;
}

/** States in which a job has not ended, or will be started again. */
const ACTIVE =
  /^(PENDING|RUNNING|COMPLETING|CONFIGURING|SUSPENDED|STOPPED|SIGNALING|STAGE_OUT|RESIZING|REQUEUED|REQUEUE_FED|REQUEUE_HOLD|SPECIAL_EXIT|RESV_DEL_HOLD)$/;
export const isActive = ({ state }: Pick<Seen, 'state'>): boolean => ACTIVE.test(state);
