import { mkdirSync } from 'node:fs';
import { writeJsonAtomic } from '#contract/atomic';
import type { Slurm } from '#contract/executor';
import type { RunRecord } from '#contract/run';
import { removeLeft } from '#host/remove-left';
import { dropTree } from '#host/tree';
import { confirmingDir, inRun } from '../../common/paths.ts';
import type { RunHandle, RunRequest } from '../executor.ts';
import type { Prepared } from '../prepare.ts';
import { runRef } from '../run-id.ts';
import { type Asked, dropJob, type Job, writeAsked, writeJob } from './files.ts';
import { followJob } from './follow-job.ts';
import type { Pace } from './following.ts';
import { type Serving, serveRun } from './serve-run.ts';
import { submit } from './submit.ts';
import type { QueueWatch } from './watch.ts';

/** A run on a secret world, and how its job is watched. */
interface ServedRun {
  request: Pick<RunRequest, 'repo' | 'task' | 'sandbox' | 'timeoutSeconds' | 'secretWorld'>;
  run: Prepared;
  asked: Asked;
  slurm: Slurm & { rowsFrom: string };
  watch: QueueWatch;
  pace: Pace;
}

/**
 * Trains a run on a secret world as a job. Its own folder lies on a disk of this machine alone; the job has
 * one of its own among those that the nodes share, with its code's path, settings and seed, and nothing of
 * the world. @throws UserError where Slurm refuses the job
 */
export async function startServed(of: ServedRun): Promise<RunHandle> {
  const { request, run, slurm, watch, pace } = of;
  const { repo } = request;
  const { record, dir } = run;
  const jobDir = confirmingDir(repo, of.asked.name);
  // First in its own folder: the next start of a loop that is killed takes job and shared folder away.
  const job: Job = { name: of.asked.name, id: null };
  writeJob(dir, { ...job, shared: jobDir });
  mkdirSync(inRun(jobDir).out, { recursive: true });
  const serving = await serveRun(slurm.rowsFrom, jobDir, { ...request, ...run });
  const clear = async () => {
    await serving.close();
    removeLeft(jobDir);
  };
  try {
    const { secretWorld: _, ...shown } = record;
    const asked: Asked = { ...of.asked, record: { ...shown, id: of.asked.name }, rows: serving.rows };
    writeJob(jobDir, job);
    writeAsked(jobDir, asked);
    const submitted = await submit({ slurm, dir: jobDir, asked });
    const followed = followJob({
      dir: jobDir,
      record: asked.record,
      asked,
      submitted,
      slurm,
      watch,
      pace,
      repo,
    });
    const ending = followed.done.then(async (ended) => {
      await clear();
      dropJob(dir);
      const whole = wholeOf(record, ended, serving);
      writeJsonAtomic(inRun(dir).record, whole.record);
      return whole;
    });
    const done = ending.then((whole) => whole.record);
    return {
      ...followed,
      ...{ id: record.id, dir, done },
      fault: ending.then(({ fault }) => fault),
      refusal: done.then(() => serving.back?.refusal ?? null),
      async discard() {
        await done;
        removeLeft(dir);
        await dropTree({ repo, ref: runRef(record.id) });
      },
      async stop(...how) {
        await followed.stop(...how);
        return done;
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

/**
 * The record of the run: from its job, and from what came back of it. `fault`: why it came to nothing by no
 * fault of its own, in words of ours and of Slurm's.
 */
export function wholeOf(
  record: RunRecord,
  job: RunRecord,
  { back, failed, rowsServed }: Pick<Serving, 'back' | 'failed' | 'rowsServed'>,
): { record: RunRecord; fault: string | null } {
  const { startedAt, endedAt, machine, seconds, status, reason, endedBy } = job;
  const complete = { ...record, startedAt, endedAt, machine, seconds, rowsServed, status, reason, endedBy };
  const byService = (why: string) => {
    const ended = { status: 'failed', reason: why, endedBy: 'service' } as const;
    return { record: { ...complete, ...ended }, fault: why };
  };
  const asItIs = { record: complete, fault: null };
  if (failed && status !== 'finished') return byService('its data service failed');
  if (back && (endedBy === 'trainer' || endedBy === 'limit'))
    return { ...asItIs, record: { ...complete, status: back.record.status, reason: back.record.reason } };
  if (endedBy === 'service') return { record: complete, fault: 'its node lost the connection to the loop' };
  if (endedBy === 'trainer')
    // Where Slurm ended the whole job for its memory, nothing can come back.
    return status === 'out-of-memory'
      ? asItIs
      : byService('what its trainer left did not come back from its node');
  if (endedBy !== 'limit') return asItIs;
  // It never trained: the time of the loop was up while it waited, or no job of it could train to its end.
  if (status === 'killed') return { ...asItIs, record: { ...complete, status: 'timeout' } };
  return status === 'timeout' ? asItIs : byService(reason ?? 'its job came to nothing');
}
