import { isActive, type Seen, squeue } from './queue.ts';

/** What is known of a job. `at`: when Slurm was asked. */
export interface Known {
  at: number;
  /** Null: Slurm has answered, and does not know the job (any more). */
  seen: Seen | null;
}

/** Doubled with each question that is not answered. */
const LONGEST_MS = 60_000;

/**
 * Asks Slurm for all jobs in one call, at most every `everyMs`, while there are jobs to ask for. Where Slurm
 * does not answer, what was known stays, and it is asked less and less often.
 */
export class QueueWatch {
  readonly #names = new Set<string>();
  readonly #known = new Map<string, Known>();
  #timer: NodeJS.Timeout | null = null;
  #wait: number;
  #asking = false;
  /** Since when Slurm has not answered; null while it does. */
  silentSince: number | null = null;

  constructor(
    private readonly everyMs: number,
    private readonly ask = squeue,
  ) {
    this.#wait = everyMs;
  }

  add(name: string): void {
    this.#names.add(name);
    // A job that was just submitted most often starts at once, and says so itself.
    if (!this.#timer && !this.#asking) this.#timer = setTimeout(() => void this.#look(), this.#wait);
  }

  remove(name: string): void {
    this.#names.delete(name);
    this.#known.delete(name);
    if (this.#names.size > 0 || !this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  of(name: string): Known | null {
    return this.#known.get(name) ?? null;
  }

  /** Whether a job may still run, as far as is known. */
  isActive(name: string): boolean {
    const known = this.#known.get(name);
    return known === undefined || (known.seen !== null && isActive(known.seen));
  }

  async #look(): Promise<void> {
    this.#timer = null;
    this.#asking = true;
    const names = [...this.#names];
    const at = Date.now();
    const all = await this.ask(names).catch(() => null);
    this.#asking = false;
    if (all === null) {
      this.silentSince ??= at;
      this.#wait = Math.min(LONGEST_MS, this.#wait * 2);
    } else {
      this.silentSince = null;
      this.#wait = this.everyMs;
      for (const name of names)
        if (this.#names.has(name)) this.#known.set(name, { at, seen: all.get(name) ?? null });
    }
    if (this.#names.size > 0) this.#timer = setTimeout(() => void this.#look(), this.#wait);
  }
}
