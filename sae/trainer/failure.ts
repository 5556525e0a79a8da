import { deviceFailure } from '#engine/device-failure';
import { outOfMemory } from './memory.ts';
import type { End } from './result.ts';

/** How a run ends for an error that is no mistake of its code, in one line; null for any other. */
export function failureOf(error: unknown): End | null {
  const memory = outOfMemory(error);
  if (memory !== null) return { status: 'out-of-memory', reason: memory };
  const failure = deviceFailure(error);
  if (failure === null) return null;
  const { message } = error as Error;
  return failure === 'memory'
    ? { status: 'out-of-memory', reason: `out of memory: ${message}` }
    : { status: 'failed', reason: message };
}

/** Does `work`, which a device that failed need not do any more. Returns null where it did not. */
export function unlessLost<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (deviceFailure(error) === null) throw error;
    return null;
  }
}
