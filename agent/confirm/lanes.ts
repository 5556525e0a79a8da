/**
 * Does jobs in their order, so many side by side, until none is left, the signal aborts, or one says that it
 * is enough. The first error ends the others and is thrown.
 */
export async function inLanes<T>(
  all: readonly T[],
  lanes: number,
  from: AbortSignal,
  make: (job: T, signal: AbortSignal, enough: () => void) => Promise<void>,
): Promise<void> {
  const jobs = [...all];
  const ended = new AbortController();
  const signal = AbortSignal.any([from, ended.signal]);
  const lane = async () => {
    for (let job = jobs.shift(); job && !signal.aborted; job = jobs.shift())
      await make(job, signal, () => ended.abort()).catch((error: unknown) => {
        ended.abort();
        throw error;
      });
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const each of results) if (each.status === 'rejected') throw each.reason;
}
