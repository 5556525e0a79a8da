import { oncePerRequest } from '#host/one-request';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * While `work` runs, Ctrl-C, SIGTERM and a terminal that is closed do not end us but call `stop` (with how
 * often it was asked for before), because children that have sessions of their own would stay behind.
 */
export async function stoppable<T>(stop: (before: number) => void, work: () => Promise<T>): Promise<T> {
  let before = 0;
  const onSignal = oncePerRequest(() => stop(before++));
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

/** The same for work that ends by an AbortSignal. */
export function abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  return stoppable(
    () => abort.abort(),
    () => work(abort.signal),
  );
}
