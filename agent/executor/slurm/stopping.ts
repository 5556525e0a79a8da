import type { EndedBy } from '#contract/run';
import { askSlurm } from './ask.ts';

export interface Stopped {
  reason: string;
  by: EndedBy;
}

/** The steps, the gentlest first: save and end; end at once; Slurm ends the job with all its processes. */
const STEPS = ['SIGTERM', 'SIGUSR2', 'cancel'] as const;
/** Seconds after which one step follows another. */
const NEXT_SECONDS = 5;
const RETRY_MS = 1000;
/** Seconds after the last step, with its repetitions, until a job that does not end is let go. */
const LET_GO_SECONDS = 30;

/** Ends a job step by step, each no sooner than the one before had its time. */
export class Stopping {
  #step = -1;
  #nextAt = 0;
  #cancelledAt = Number.POSITIVE_INFINITY;
  #asking = false;

  constructor(
    readonly who: Stopped,
    private grace: number,
  ) {}

  /** It was asked for again, and may have less time to save. */
  hurry(graceSeconds: number): void {
    if (graceSeconds >= this.grace) return;
    this.grace = graceSeconds;
    if (this.#step === 0) this.#nextAt = Math.min(this.#nextAt, Date.now() + graceSeconds * 1000);
  }

  /**
   * Takes the step that is due. `runs`: its program runs; a job that waits is taken out of the queue. By its
   * name: a controller that has lost its state gives the number to another job.
   */
  take(name: string, runs: boolean): void {
    if (this.#asking || Date.now() < this.#nextAt) return;
    const last = STEPS.length - 1;
    const first = runs ? (this.grace > 0 ? 0 : 1) : last;
    this.#step = Math.min(last, Math.max(first, this.#step + 1));
    const step = STEPS[this.#step] ?? 'cancel';
    if (step === 'cancel') this.#cancelledAt = Math.min(this.#cancelledAt, Date.now());
    const seconds = step === 'SIGTERM' ? this.grace : NEXT_SECONDS;
    this.#nextAt = Date.now() + seconds * 1000;
    this.#asking = true;
    const words = step === 'cancel' ? [] : ['--batch', `--signal=${step.slice(3)}`];
    void askSlurm(['scancel', ...words, `--name=${name}`])
      .catch(() => null)
      .then((answer) => {
        this.#asking = false;
        // Where Slurm does not answer, the step was not taken.
        if (answer && !('silent' in answer)) return;
        this.#step--;
        this.#nextAt = Date.now() + RETRY_MS;
      });
  }

  /** Whether Slurm had its time to end the job, and has not. */
  get isOver(): boolean {
    return Date.now() - this.#cancelledAt > LET_GO_SECONDS * 1000;
  }
}
