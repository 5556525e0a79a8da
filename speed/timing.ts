/** Rows of a batch, as trainers and the judge take them. */
export const ROWS = 1024;

/** One measurement as it is printed. */
export interface Line {
  name: string;
  ms: number;
  samplesPerSecond?: number;
  /** Against the plain reference pipeline in the same run. */
  ratio?: number;
  [more: string]: number | string | undefined;
}

export interface Timing {
  ms: number;
  samplesPerSecond: number;
  /** Of this process, all its threads: what remains comparable where others use the machine too. */
  cpuMicrosecondsPerSample: number;
}

/** Repeats `step` (of so many samples) for some seconds, after a third of that, or one round, to warm up. */
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
