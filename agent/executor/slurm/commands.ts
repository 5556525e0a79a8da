import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Slurm } from '#contract/executor';
import { nodeProgram } from '#host/node';
import { inJob } from '../../common/paths.ts';

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

/** A name for a job that no other job has, and that says nothing of the run. */
export const newJobName = (): string => `loop-${randomBytes(8).toString('hex')}`;
export const isJobName = (name: string): boolean => /^loop-[0-9a-f]{16}$/.test(name);

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
