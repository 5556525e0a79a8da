/**
 * The parts of a researcher's time, without overlap but that of reports: a wait for a run counts as
 * training, not as the researcher's time. Where several work side by side, the parts of the loop are the sums
 * of theirs.
 * `waiting`: the API could not be reached or was overloaded.
 */
export const PARTS = [
  'researcher',
  'training',
  'judging',
  'confirming',
  'reports',
  'git',
  'waiting',
] as const;
export type Part = (typeof PARTS)[number];

/** Adds up the seconds of each part. */
export class Timer {
  readonly seconds: Record<Part, number> = {
    ...{ researcher: 0, training: 0, judging: 0, confirming: 0 },
    ...{ reports: 0, git: 0, waiting: 0 },
  };
  readonly #started = performance.now();

  /** `whole`: the timer of the loop, to which the seconds of one of several researchers are added too. */
  constructor(private readonly whole: Timer | null = null) {}

  add(part: Part, seconds: number): void {
    this.seconds[part] += seconds;
    this.whole?.add(part, seconds);
  }

  async time<T>(part: Part, task: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await task();
    } finally {
      this.add(part, (performance.now() - started) / 1000);
    }
  }

  get total(): number {
    return (performance.now() - this.#started) / 1000;
  }
}
