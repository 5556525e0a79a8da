import { mkdirSync, rmSync } from 'node:fs';
import { writeJsonAtomic } from '#contract/atomic';
import type { Slurm } from '#contract/executor';
import type { RunRecord } from '#contract/run';
import { dropTree } from '#host/tree';
import { confirmingDir, inRun } from '../../common/paths.ts';
import type { RunHandle, RunRequest } from '../executor.ts';
import type { Prepared } from '../prepare.ts';
import { runRef } from '../run-id.ts';
import { type Asked, dropJob, writeAsked, writeJob } from './files.ts';
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
  mkdirSync(inRun(jobDir).out, { recursive: true });
  const serving = await serveRun(slurm.rowsFrom, jobDir, { ...request, ...run });
  const clear = async () => {
    await serving.close();
    rmSync(jobDir, { recursive: true, force: true });
  };
  try {
    const { secretWorld: _, ...shown } = record;
    const asked: Asked = { ...of.asked, record: { ...shown, id: of.asked.name }, rows: serving.rows };
    // In its own folder too: the next start of a loop that is killed takes the job out of Slurm.
    for (const folder of [jobDir, dir]) writeJob(folder, { name: asked.name, id: null });
    writeAsked(jobDir, asked);
    const submitted = await submit({ slurm, dir: jobDir, asked });
    const job = followJob({ dir: jobDir, record: asked.record, asked, submitted, slurm, watch, pace, repo });
    const done = job.done.then(async (ended) => {
      await clear();
      dropJob(dir);
      const complete = whole(record, ended, serving);
      writeJsonAtomic(inRun(dir).record, complete);
      return complete;
    });
    return {
      ...job,
      ...{ id: record.id, dir, done },
      refusal: done.then(() => serving.back?.refusal ?? null),
      async discard() {
        await done;
        rmSync(dir, { recursive: true, force: true });
        await dropTree({ repo, ref: runRef(record.id) });
      },
      async stop(...how) {
        await job.stop(...how);
        return done;
      },
    };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** The record of the run: from its job, and from what came back of it. */
function whole(record: RunRecord, job: RunRecord, { back, failed, rowsServed }: Serving): RunRecord {
  const { startedAt, endedAt, machine, seconds, status, reason, endedBy } = job;
  const complete = { ...record, startedAt, endedAt, machine, seconds, rowsServed, status, reason, endedBy };
  const byService = { status: 'failed' as const, endedBy: 'service' as const };
  if (failed && status !== 'finished')
    return { ...complete, ...byService, reason: 'its data service failed (serve.log)' };
  if (endedBy !== 'trainer') return complete;
  return back
    ? { ...complete, status: back.record.status, reason: back.record.reason }
    : { ...complete, ...byService, reason: 'what its trainer left did not come back from its node' };
}
