import { randomBytes } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UserError } from '#contract/errors';
import type { Slurm } from '#contract/executor';
import { capture } from '#host/capture';
import { serviceEnv } from '#host/env';
import { unmarked } from '#host/marks';
import { nodeProgram } from '#host/node';
import { inJob } from '../../common/paths.ts';

const ANSWER_SECONDS = 30;
/** Seconds before a job's time limit at which its trainer is told to save; Slurm may take a minute more. */
const SAVE_SECONDS = 120;
/** Of a short job it is this share at most. */
const SAVE_SHARE = 0.25;

/** `1-12:00:00` in seconds; null where the partition's own limit holds. */
function secondsOf(time: string | undefined): number | null {
  if (time === undefined) return null;
  const [clock = '', days = '0'] = time.split('-').reverse();
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return (Number(days) * 24 + hours) * 3600 + minutes * 60 + seconds;
}

/**
 * The environment of Slurm's commands and, by `--export=ALL`, of a job: what our services may see, and
 * nothing else. With a list, `NONE` or `NIL`, Slurm adds what the user's login files set, where keys may
 * stand.
 */
function jobEnv(): Record<string, string> {
  const { TMPDIR: _, HF_ENDPOINT: __, ...shared } = serviceEnv();
  return { ...shared, ...(process.env.SLURM_CONF && { SLURM_CONF: process.env.SLURM_CONF }) };
}

/** An answer; or `silent`, where Slurm could not be asked and may answer later; or a refusal. */
export type Answer = { stdout: string } | { silent: string } | { refused: string };

const SILENT =
  /unable to contact|timed out|connection refused|communication|zero bytes|transport endpoint|resource temporarily|shutting down|try again|not responding|munge|authentication/i;

/** Asks Slurm by one of its commands, without a shell. @throws UserError where there is no such command. */
export async function askSlurm(argv: readonly string[]): Promise<Answer> {
  const { exit, stdout, complaint } = await capture({
    argv: unmarked(argv),
    cwd: tmpdir(),
    env: jobEnv(),
    timeoutSeconds: ANSWER_SECONDS,
  });
  if (exit.code === 0) return { stdout };
  if (exit.code === 127)
    throw new UserError(
      `cannot start ${argv[0]}: install Slurm's commands, or set executor: local in TASK.md`,
    );
  const said =
    complaint?.replace(/^\w+: (error: )?/, '') ?? `${argv[0]} failed (${exit.code ?? exit.signal})`;
  return exit.timedOut || SILENT.test(said) ? { silent: said } : { refused: said };
}

/** A name for a job that no other job has, and that says nothing of the run. */
export const newJobName = (): string => `loop-${randomBytes(8).toString('hex')}`;

/** The words that submit a job. Its script and arguments are the same for every run. */
export function sbatchWords(slurm: Slurm, { name, dir }: { name: string; dir: string }): string[] {
  const { partition, account, resources, sbatch } = slurm;
  const { cpus, gpus, memory, time } = resources;
  const given = { partition, account, 'cpus-per-task': cpus, mem: memory, time };
  const lead = Math.min(SAVE_SECONDS, Math.ceil((secondsOf(time) ?? Number.POSITIVE_INFINITY) * SAVE_SHARE));
  const options = Object.entries(given).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option}=${value}`],
  );
  return [
    'sbatch',
    // The last of two that say the same holds, so ours follow. An extra line whose value is missing takes the
    // word after it: that is one which stands there twice.
    ...sbatch,
    ...['--parsable', '--parsable', `--job-name=${name}`, '--export=ALL', '--nodes=1', '--ntasks=1'],
    ...[`--chdir=${dir}`, `--output=${inJob(dir).log}`, '--open-mode=append', '--input=/dev/null'],
    // SIGINT says that the time limit is near.
    ...['--requeue', `--signal=B:INT@${lead}`],
    ...options,
    ...(gpus === undefined ? [] : [`--gres=gpu:${gpus}`]),
    join(import.meta.dirname, 'batch.sh'),
    ...[nodeProgram(), '--import', join(import.meta.dirname, '../../../host/start.mjs')],
    join(import.meta.dirname, 'on-node.ts'),
  ];
}

/** A job as Slurm sees it. */
export interface Seen {
  id: string;
  /** PENDING, RUNNING, COMPLETING, NODE_FAIL ... */
  state: string;
  /** Why it waits: Resources, Priority, QOSMaxJobsPerUserLimit ... */
  reason: string;
  node: string;
}

/** All of these jobs that Slurm still knows, by name, asked in one call; null where it does not answer. */
export async function squeue(names: readonly string[]): Promise<Map<string, Seen> | null> {
  const answer = await askSlurm([
    ...['squeue', '--noheader', '--states=all', `--user=${userInfo().username}`],
    ...[`--name=${names.join(',')}`, '--format=%j|%i|%T|%r|%N'],
  ]);
  if (!('stdout' in answer)) return null;
  const lines = answer.stdout.split('\n').filter((line) => line.includes('|'));
  return new Map(
    lines.map((line) => {
      const [name = '', id = '', state = '', reason = '', node = ''] = line.split('|');
      return [name, { id, state, reason, node }];
    }),
  );
}

/** How a job ended that Slurm no longer knows; null where there is no accounting, or it has no such job. */
export async function sacct(id: string): Promise<string | null> {
  const answer = await askSlurm([
    'sacct',
    '--noheader',
    '--parsable2',
    '--allocations',
    '-j',
    id,
    '-o',
    'State',
  ]);
  const [state = ''] = 'stdout' in answer ? answer.stdout.trim().split(/[\s\n]/) : [];
  return state === '' ? null : state;
}

/** States in which a job has not ended, or will be started again. */
const ACTIVE =
  /^(PENDING|RUNNING|COMPLETING|CONFIGURING|SUSPENDED|STOPPED|SIGNALING|STAGE_OUT|RESIZING|REQUEUED|REQUEUE_FED|REQUEUE_HOLD|SPECIAL_EXIT|RESV_DEL_HOLD)$/;
export const isActive = ({ state }: Pick<Seen, 'state'>): boolean => ACTIVE.test(state);
