/** Rows of a batch, as trainers and the judge take them. */
export const ROWS = 1024;

/** One measurement as it is printed. */
export interface Line {
  name: string;
  ms: number;
  samplesPerSecond?: number;
  /** Speed relative to the plain reference pipeline in the same call. */
  ratio?: number;
  [more: string]: unknown;
}

export interface Timing {
  ms: number;
  samplesPerSecond: number;
  /** CPU time of this process in all threads, which stays comparable where other programs use the machine. */
  cpuMicrosecondsPerSample: number;
}

/**
 * Repeats `step` (of `samples` samples) for `seconds`, after a warm-up of a third of that and at least one
 * round.
 */
export function timed(seconds: number, samples: number, step: (round: number) => void): Timing {
  let round = 0;
  const repeat = (forSeconds: number): number => {
    const [started, first] = [performance.now(), round];
    do step(round++);
    while (performance.now() - started < forSeconds * 1000);
    return (round - first) * samples;
  };
  repeat(seconds / 3);
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const done = repeat(seconds);
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return {
    ms,
    samplesPerSecond: (done * 1000) / ms,
    cpuMicrosecondsPerSample: (user + system) / done,
  };
}
