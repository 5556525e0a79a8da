import type { DevicePool, Slot } from './pool.ts';

/** Who asks for a slot, and of which pool. */
export interface Place {
  devices: DevicePool;
  /** The researcher for whom it is done. */
  by: string;
}

/** Does something in a slot of the pool, and gives it back; null where the signal aborts before. */
export async function inSlot<R>(
  { devices, by }: Place,
  signal: AbortSignal,
  task: (slot: Slot) => Promise<R>,
): Promise<R | null> {
  if (signal.aborted) return null;
  const { slot: given, withdraw } = devices.ask(by);
  signal.addEventListener('abort', withdraw, { once: true });
  const slot = await given;
  signal.removeEventListener('abort', withdraw);
  if (!slot) return null;
  try {
    return signal.aborted ? null : await task(slot);
  } finally {
    devices.release(slot);
  }
}

/** How a list of jobs is done in the slots of a pool. */
export interface Jobs<T> extends Place {
  all: readonly T[];
  /** How many of them share a slot. */
  perSlot: number;
  /** Ends all of them. */
  signal: AbortSignal;
}

/**
 * Does jobs in their order, in as many slots as are free for them, until none is left, the signal aborts, or
 * one says that it is enough. A slot that another researcher waits for is given back after the jobs that are
 * under way in it. The first error ends the others and is thrown.
 */
export async function inSlots<T extends object>(
  { all, perSlot, signal: from, ...place }: Jobs<T>,
  make: (job: T, how: { signal: AbortSignal; slot: Slot; enough: () => void }) => Promise<void>,
): Promise<void> {
  const jobs = [...all];
  const ended = new AbortController();
  const begun = new AbortController();
  const signal = AbortSignal.any([from, ended.signal]);
  const take = (): T | undefined => {
    const job = signal.aborted ? undefined : jobs.shift();
    // No slot is needed any more.
    if (jobs.length === 0) begun.abort();
    return job;
  };
  const enough = () => ended.abort();
  const lane = async (slot: Slot) => {
    for (let job = take(); job; job = place.devices.isWantedBeside(place.by) ? undefined : take())
      await make(job, { signal, slot, enough }).catch((error: unknown) => {
        ended.abort();
        throw error;
      });
  };
  const waits = AbortSignal.any([signal, begun.signal]);
  const slots = Math.min(place.devices.size, Math.ceil(all.length / perSlot));
  const one = async () => {
    while (jobs.length > 0 && !signal.aborted)
      await inSlot(place, waits, (slot) => together(Array.from({ length: perSlot }, () => lane(slot))));
  };
  await together(Array.from({ length: slots }, one));
}

/** Waits for all, and then throws the first error. */
async function together(all: readonly Promise<void>[]): Promise<void> {
  for (const each of await Promise.allSettled(all)) if (each.status === 'rejected') throw each.reason;
}
