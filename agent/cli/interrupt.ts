import { oncePerRequest } from '#host/one-request';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `work`. Until it ends, Ctrl-C, SIGTERM and a terminal that is closed call `stop` (with the number of
 * earlier requests) and do not end this process: its children have sessions of their own and would stay
 * behind.
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

/** Like `stoppable`, for work that ends by an AbortSignal. */
export function abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  return stoppable(
    () => abort.abort(),
    () => work(abort.signal),
  );
}
