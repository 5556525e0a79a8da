import type { EndedBy } from '#contract/run';
import type { Stopper } from '../budget/stop.ts';
import type { Job } from './job.ts';

/** Resolves when `done` does, or when the loop is asked to stop without waiting for the run that trains. */
export async function orStopped({ keep }: Stopper, done: Promise<unknown>): Promise<void> {
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  if (keep.aborted) stop();
  keep.addEventListener('abort', stop, { once: true });
  await Promise.race([done, stopped]);
  keep.removeEventListener('abort', stop);
}

/** Cancels a job; one that waits for a device waits no longer. */
export function cancel(job: Job, why: NonNullable<Job['cancelled']>): void {
  job.cancelled ??= why;
  job.withdraw();
}

/** Ends these runs, removes those that wait from the queue, and waits until all have ended. */
export async function endAll(
  jobs: readonly Job[],
  reason: string,
  by: EndedBy,
  graceSeconds?: number,
): Promise<void> {
  for (const job of jobs) cancel(job, { reason, by });
  await Promise.all(jobs.map((job) => job.handle?.stop(reason, { by, graceSeconds })));
  await Promise.all(jobs.map((job) => job.ended));
}
