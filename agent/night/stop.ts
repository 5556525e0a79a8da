import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Why a loop is asked to stop, and the exit code it will end with. */
export interface StopRequest {
  reason: string;
  exitCode: number;
}

/**
 * Requests to stop from outside: Ctrl-C or SIGTERM once (the turn ends, the sprint is reported and committed, then the loop leaves), twice
 * (everything ends now, the next start takes up what is left), or a file `STOP` in the repository, which may say `now`.
 */
export class Stopper {
  readonly #hard = new AbortController();
  readonly #soft = new AbortController();
  #request: StopRequest | null = null;
  #release: () => void = () => {};

  readonly #file: string;

  constructor(repo: string) {
    this.#file = join(repo, 'STOP');
  }

  /**
   * Begins to listen to SIGINT and SIGTERM, and to SIGHUP, which asks for nothing: a terminal that is closed, or a connection that breaks, leaves
   * the night to itself. `release` ends it.
   */
  listen(onFirst: () => void, onHangUp: () => void = () => {}): void {
    const onSignal = (signal: NodeJS.Signals) => {
      const exitCode = signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
      if (this.#request) return this.now();
      this.ask({ reason: signal === 'SIGTERM' ? 'SIGTERM' : 'Ctrl-C', exitCode });
      onFirst();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangUp);
    // A wait for a run of hours looks at nothing else.
    const look = setInterval(() => this.requested(), 1000).unref();
    this.#release = () => {
      clearInterval(look);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangUp);
    };
  }

  /** The loop leaves: what was asked of it is asked of no other. */
  release(): void {
    this.#release();
    rmSync(this.#file, { force: true });
  }

  /** Takes away a file STOP that was meant for a loop before this one, which began at `since`; whether there was one. */
  forgetOld(since: Date): boolean {
    const asked = statSync(this.#file, { throwIfNoEntry: false })?.mtime;
    if (!asked || asked >= since) return false;
    rmSync(this.#file, { force: true });
    return true;
  }

  ask(request: StopRequest): void {
    this.#request ??= request;
    this.#soft.abort();
  }

  /** The second Ctrl-C. */
  now(): void {
    this.#request ??= { reason: 'stopped at once', exitCode: EXIT.interrupted };
    this.#soft.abort();
    this.#hard.abort();
  }

  /** The request that stands, a STOP file included. */
  requested(): StopRequest | null {
    const file = this.#file;
    if (!this.#hard.signal.aborted && existsSync(file)) {
      const now = readFileSync(file, 'utf8').trim() === NOW;
      rmSync(file, { force: true });
      if (now) this.now();
      else this.ask({ reason: 'the file STOP', exitCode: EXIT.done });
    }
    return this.#request;
  }

  /** Aborts when someone asks to stop: waits end, the turn goes on. */
  get soft(): AbortSignal {
    return this.#soft.signal;
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

/** What the file STOP says where everything is to end at once. */
export const NOW = 'now';

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
