import { writeJsonAtomic } from '#contract/atomic';
import type { Progress, RunRecord } from '#contract/run';
import { removeLeft } from '#host/remove-left';
import { dropTree } from '#host/tree';
import { inRun } from '../../common/paths.ts';
import { messageOf } from '../../common/words.ts';
import type { RunHandle } from '../executor.ts';
import { ProgressTail } from '../progress.ts';
import { runRef } from '../run-id.ts';
import { Following, type JobRun } from './following.ts';

const DEFAULT_GRACE_SECONDS = 10;

/** Watches a run that is a job until it ends, in this job or in those that go on from it. */
export function followJob(run: JobRun & { repo: string; record: RunRecord }): RunHandle {
  const { repo, record, dir } = run;
  const onProgress = new Set<(progress: Progress) => void>();
  const onWaiting = new Set<(reason: string | null) => void>();
  let waits: string | null | undefined;
  const following = new Following(run, (reason) => {
    if (reason === waits) return;
    waits = reason;
    for (const listener of onWaiting) listener(reason);
  });
  const tail = new ProgressTail(inRun(dir).progress);
  const timer = setInterval(() => {
    for (const progress of tail.read()) for (const listener of onProgress) listener(progress);
  }, run.pace.pollMs);
  const ending = following.toEnd();
  const done = ending.then(({ outcome, ended }) => {
    clearInterval(timer);
    for (const progress of tail.read()) for (const listener of onProgress) listener(progress);
    const { startedAt, machine, seconds, rowsServed } = ended?.record ?? record;
    const counted = { startedAt, machine, rowsServed, seconds: seconds ?? following.seconds };
    const complete: RunRecord = { ...record, ...counted, ...outcome, endedAt: new Date().toISOString() };
    try {
      writeJsonAtomic(inRun(dir).record, complete);
    } catch (error) {
      complete.reason = `${complete.reason ?? ''}; run.json could not be written (${messageOf(error)})`;
    }
    return complete;
  });
  return {
    id: record.id,
    dir,
    done,
    refusal: Promise.all([ending, done]).then(([{ ended }]) => ended?.refusal ?? null),
    async discard() {
      await done;
      removeLeft(dir);
      await dropTree({ repo, ref: runRef(record.id) });
    },
    async stop(reason, { by = 'user', graceSeconds = DEFAULT_GRACE_SECONDS } = {}) {
      following.stop({ reason, by }, graceSeconds);
      return done;
    },
    onProgress(listener) {
      onProgress.add(listener);
      return () => onProgress.delete(listener);
    },
    onWaiting(listener) {
      onWaiting.add(listener);
      if (waits !== undefined) listener(waits);
      return () => onWaiting.delete(listener);
    },
  };
}
