import { performance } from 'node:perf_hooks';

/**
 * Milliseconds within which the same signal is the same request. npm, some shells and `timeout` forward a
 * Ctrl-C to a process that has it from the terminal already, milliseconds later, or tens of them on a busy
 * machine. A person who has read the response to the first signal takes longer.
 */
export const ONE_REQUEST_MS = 1000;

/** Calls `act` once for each request, however often its signal arrives. Another signal is another request. */
export function oncePerRequest(
  act: (signal: NodeJS.Signals) => void,
  now: () => number = () => performance.now(),
): (signal: NodeJS.Signals) => void {
  const heard = new Map<NodeJS.Signals, number>();
  return (signal) => {
    const at = now();
    // Counted from the first signal, so that a key that is held down becomes another request in time.
    if (at - (heard.get(signal) ?? Number.NEGATIVE_INFINITY) < ONE_REQUEST_MS) return;
    heard.set(signal, at);
    act(signal);
  };
}
