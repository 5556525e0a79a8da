import { performance } from 'node:perf_hooks';

/**
 * Within this time the same signal is the same request. npm, some shells and `timeout` hand a Ctrl-C on to a
 * process that the terminal has sent it to already, milliseconds later, or tens of them on a busy machine; a
 * person who has read what the first one did takes longer.
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
    // From the first on, so that a key that is held down is not one request for ever.
    if (at - (heard.get(signal) ?? Number.NEGATIVE_INFINITY) < ONE_REQUEST_MS) return;
    heard.set(signal, at);
    act(signal);
  };
}
