import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { ONE_REQUEST_MS, oncePerRequest } from '#host/one-request';
import { stopPath } from '../common/paths.ts';

/** Why a loop is asked to stop, and the exit code it will end with. */
export interface StopRequest {
  reason: string;
  exitCode: number;
}

/** How a loop is asked to stop, the mildest first. */
export type StopMode =
  /** What trains may finish, and is measured; then the loop leaves. */
  | 'after-run'
  /** The turn ends; what trains is saved, and the next start goes on with it. */
  | 'keep'
  /** Everything ends now. */
  | 'now';
const STOP_MODES: readonly StopMode[] = ['after-run', 'keep', 'now'];

/**
 * Requests to stop from outside: Ctrl-C or SIGTERM once (the turn ends, what trains is kept for the next
 * start, any other sprint is reported and committed, then the loop leaves), twice (everything ends now, the
 * next start takes up what is left), or a file `STOP` in the repository, which may say `now` or `after-run`.
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
   * Begins to listen to SIGINT and SIGTERM, and to SIGHUP, which asks for nothing: a terminal that is closed,
   * or a connection that breaks, leaves the night to itself. `release` ends it.
   */
  listen(onAsked: (mode: StopMode) => void, onHangUp: () => void = () => {}): void {
    this.#onAsked = onAsked;
    const onSignal = oncePerRequest((signal) => {
      const exitCode = signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
      const kept = this.#keep.signal.aborted;
      this.ask({ reason: signal === 'SIGTERM' ? 'SIGTERM' : 'Ctrl-C', exitCode }, kept ? 'now' : 'keep');
    });
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp);
    // A wait for a run of hours looks at nothing else.
    const look = setInterval(() => this.requested(), 1000).unref();
    this.#release = () => {
      clearInterval(look);
      const off = () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp);
      this.#onAsked = () => {};
      // The same request may still arrive once more, when all is done but the end.
      if (this.#request) setTimeout(off, ONE_REQUEST_MS).unref();
      else off();
    };
  }

  /** The loop leaves: what was asked of it is asked of no other. */
  release(): void {
    this.#release();
    rmSync(this.#file, { force: true });
  }

  /**
   * Takes away a file STOP that was meant for a loop before this one, which began at `since`; whether there
   * was one.
   */
  forgetOld(since: Date): boolean {
    const asked = statSync(this.#file, { throwIfNoEntry: false })?.mtime;
    if (!asked || asked >= since) return false;
    rmSync(this.#file, { force: true });
    return true;
  }

  /** A later request counts where it presses more than the one that stands. */
  ask(request: StopRequest, mode: StopMode = 'keep'): void {
    if (this.#mode && STOP_MODES.indexOf(mode) <= STOP_MODES.indexOf(this.#mode)) return;
    // Who presses twice has said already why.
    if (this.#mode !== 'keep') this.#request = request;
    this.#mode = mode;
    this.#onAsked(mode);
    this.#soft.abort();
    if (mode !== 'after-run') this.#keep.abort();
    if (mode === 'now') this.#hard.abort();
  }

  /** The second Ctrl-C. */
  now(): void {
    this.ask({ reason: 'stopped at once', exitCode: EXIT.interrupted }, 'now');
  }

  /** The request that stands, a STOP file included. */
  requested(): StopRequest | null {
    const file = this.#file;
    if (!this.#hard.signal.aborted && existsSync(file)) {
      const said = readFileSync(file, 'utf8').trim();
      rmSync(file, { force: true });
      if (said === NOW) this.now();
      else
        this.ask({ reason: 'the file STOP', exitCode: EXIT.done }, said === AFTER_RUN ? 'after-run' : 'keep');
    }
    return this.#request;
  }

  /** Aborts when someone asks to stop: waits end, the turn goes on. */
  get soft(): AbortSignal {
    return this.#soft.signal;
  }

  /** Aborts when what trains may not finish either. */
  get keep(): AbortSignal {
    return this.#keep.signal;
  }

  /** Aborts when everything has to end now. */
  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  /** Sleeps, at most until someone asks to stop. */
  async sleep(seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end && !this.requested()) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(500, end - Date.now())));
    }
  }
}

/**
 * What the file STOP says where everything is to end at once, and where the run under way may finish first.
 */
export const NOW = 'now';
export const AFTER_RUN = 'after-run';

/** Exit codes of `npm run loop`. */
export const EXIT = {
  /** A limit was reached, nothing was left to do, or a STOP file asked for it. */
  done: 0,
  /** A fault of the loop itself; a stack is printed. */
  fault: 1,
  /** Bad input or a machine that is not ready: one line, nothing written. */
  refused: 2,
  /** The key or the credit is at an end. */
  fatal: 3,
  /** Sprint after sprint failed in the same way. */
  failing: 4,
  /** No verified gain for as many sprints as TASK.md allows. */
  stagnant: 5,
  /** The disk is nearly full. */
  disk: 6,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const;
