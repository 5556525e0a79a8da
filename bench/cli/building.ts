import type { BuildListener } from '../worlds.ts';

const EVERY_MS = 2000;

/**
 * Prints the progress of building a world on standard error, for builds that take longer than two seconds.
 */
export function sayBuilding(name: string): BuildListener {
  const started = performance.now();
  let told = started;
  return (step, of) => {
    const now = performance.now();
    if (now - told < EVERY_MS) return;
    told = now;
    const left = Math.ceil(((now - started) / step) * (of - step) * 1e-3);
    process.stderr.write(`building world ${name} (only once): step ${step} of ${of}, about ${left} s left\n`);
  };
}
