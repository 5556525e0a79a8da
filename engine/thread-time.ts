import { createRequire } from 'node:module';
import { isInstalled } from './packages.ts';

/** CLOCK_THREAD_CPUTIME_ID of Linux. */
const CLOCK = 3;
const SUCCESS = 0;

/**
 * A clock of the processor time of the calling thread, in milliseconds; null where there is none. The time
 * of the process would count what a driver computes on threads of its own.
 */
export function threadClock(): (() => number) | null {
  if (process.platform !== 'linux' || !isInstalled('koffi')) return null;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const read = koffi.load('libc.so.6').func('int clock_gettime(int, void *)');
    const time = new BigInt64Array(2);
    if (read(CLOCK, time) !== SUCCESS) return null;
    return () => {
      read(CLOCK, time);
      return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
    };
  } catch {
    return null;
  }
}
