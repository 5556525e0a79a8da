import { z } from 'zod';

/**
 * Why a loop ended, for programs: the event `loop.stopped`, `npm run status -- --json` and `--notify` hold it
 * beside the reason for people. Several of them share an exit code. docs/exit-codes.md explains each.
 */
export const StopCode = z.enum([
  ...(['sprints', 'time', 'money', 'tokens'] as const),
  ...(['target', 'nothing-left', 'stop'] as const),
  ...(['credentials', 'credit'] as const),
  ...(['same-failure', 'no-sprint'] as const),
  ...(['no-gain', 'disk'] as const),
  ...(['interrupt', 'stop-now', 'terminate'] as const),
]);
export type StopCode = z.infer<typeof StopCode>;

/** The exit code of `npm run loop` for each. A fault of the loop itself exits with 1, bad input with 2. */
export const EXIT_CODES: Record<StopCode, number> = {
  ...{ sprints: 0, time: 0, money: 0, tokens: 0 },
  ...{ target: 0, 'nothing-left': 0, stop: 0 },
  ...{ credentials: 3, credit: 3 },
  ...{ 'same-failure': 4, 'no-sprint': 4 },
  ...{ 'no-gain': 5, disk: 6 },
  ...{ interrupt: 130, 'stop-now': 130, terminate: 143 },
};
