import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { StopCode } from '#contract/stop';
import { ONE_REQUEST_MS, oncePerRequest } from '#host/one-request';
import { stopPath } from '../common/paths.ts';
import type { Refusal } from '../common/refusal.ts';

/** Why a loop stops: a code, which decides its exit code, and the reason for people. */
export type StopRequest = Refusal<StopCode>;

/** The ways to stop a loop, the mildest first. */
export type StopMode =
  /** The current run may finish and is measured; then the loop ends. */
  | 'after-run'
  /** The current turn ends; the current run is saved, and the next start resumes it. */
  | 'keep'
  /** Everything ends at once. */
  | 'now';
const STOP_MODES: readonly StopMode[] = ['after-run', 'keep', 'now'];

/**
 * Requests to stop from outside. One Ctrl-C or SIGTERM: the turn ends, a training run is saved for the next
 * start, any other sprint is reported and committed, then the loop ends. A second one: everything ends at
 * once, and the next start recovers the rest. Or a file `STOP` in the repository, which may contain `now` or
 * `after-run`.
 */
export class Stopper {
  readonly #hard = new AbortController();
  readonly #keep = new AbortController();
  readonly #soft = new AbortController();
  #request: StopRequest | null = null;
  #mode: StopMode | null = null;
  #onAsked: (mode: StopMode) => void = () => {};
  #release: () => void = () => {};

  readonly #file: string;

  constructor(repo: string) {
    this.#file = stopPath(repo);
  }

  /**
   * Starts to listen to SIGINT and SIGTERM, and to SIGHUP, which is no request: the loop goes on after its
   * terminal is closed or its connection breaks. `release` ends the listening.
   */
  listen(onAsked: (mode: StopMode) => void, onHangUp: () => void = () => {}): void {
    this.#onAsked = onAsked;
    const onSignal = oncePerRequest((signal) => {
      const request: StopRequest =
        signal === 'SIGTERM'
          ? { code: 'terminate', reason: 'SIGTERM' }
          : { code: 'interrupt', reason: 'Ctrl-C' };
      this.ask(request, this.#keep.signal.aborted ? 'now' : 'keep');
    });
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp);
    // While the loop waits for a run of hours, nothing else checks for the file.
    const look = setInterval(() => this.requested(), 1000).unref();
    this.#release = () => {
      clearInterval(look);
      const off = () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp);
      this.#onAsked = () => {};
      // The same request may still arrive a second time, when only the exit is left.
      if (this.#request) setTimeout(off, ONE_REQUEST_MS).unref();
      else off();
    };
  }

  /** Called when the loop ends: its requests must not reach the next loop. */
  release(): void {
    this.#release();
    this.#remove();
  }

  /**
   * Removes a file STOP that is older than this loop, which began at `since`. Returns whether there was one.
   */
  forgetOld(since: Date): boolean {
    const asked = statSync(this.#file, { throwIfNoEntry: false })?.mtime;
    if (!asked || asked >= since) return false;
    this.#remove();
    return true;
  }

  /** Whatever it is: a folder of that name stops the loop too. */
  #remove(): void {
    rmSync(this.#file, { force: true, recursive: true });
  }

  /** A later request counts only where its mode is more urgent than the present one. */
  ask(request: StopRequest, mode: StopMode = 'keep'): void {
    if (this.#mode && STOP_MODES.indexOf(mode) <= STOP_MODES.indexOf(this.#mode)) return;
    // A request after one in mode `keep` leaves its code and reason in place.
    if (this.#mode !== 'keep') this.#request = request;
    this.#mode = mode;
    this.#onAsked(mode);
    this.#soft.abort();
    if (mode !== 'after-run') this.#keep.abort();
    if (mode === 'now') this.#hard.abort();
  }

  /** Acts as the second Ctrl-C. */
  now(): void {
    this.ask({ code: 'stop-now', reason: 'stopped at once' }, 'now');
  }

  /** The present request, a STOP file included. */
  requested(): StopRequest | null {
    const file = this.#file;
    if (!this.#hard.signal.aborted && existsSync(file)) {
      const said = wordIn(file);
      this.#remove();
      if (said === NOW) this.now();
      else this.ask({ code: 'stop', reason: 'the file STOP' }, said === AFTER_RUN ? 'after-run' : 'keep');
    }
    return this.#request;
  }

  /** Aborts when a stop is requested: waits end, the turn goes on. */
  get soft(): AbortSignal {
    return this.#soft.signal;
  }

  /** Aborts when the current run may not finish either. */
  get keep(): AbortSignal {
    return this.#keep.signal;
  }

  /** Aborts when everything has to end at once. */
  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  /** Sleeps, but returns early when a stop is requested. */
  async sleep(seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end && !this.requested()) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(500, end - Date.now())));
    }
  }
}

/** The contents of the file STOP: everything ends at once, or the current run finishes first. */
export const NOW = 'now';
export const AFTER_RUN = 'after-run';

/** What a file asks for; of one that cannot be read, that it is there counts. */
function wordIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
