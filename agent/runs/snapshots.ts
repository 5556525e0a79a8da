import type { Sandbox } from '#host/sandbox';
import type { Stopper } from '../budget/stop.ts';
import { runDir } from '../common/paths.ts';
import type { Config } from '../config/config.ts';
import { type JudgeRequest, measureSnapshots } from '../executor/judging.ts';
import { type Ahead, snapshotsAhead } from '../executor/judging-ahead.ts';
import { RowKeys } from './row-keys.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  sandbox: Sandbox;
  stopper: Stopper;
}

/**
 * How long a run trains before a judge follows it. Until then there is little to follow, and the start of
 * that judge and its encoder takes more processor time from the run than it saves at its end, where one
 * encoder serves all snapshots.
 */
const FOLLOWED_AFTER_MS = 20_000;

/** Measures the snapshots of runs: as they come while a run trains, and those that are left at its end. */
export class Snapshots {
  /** What ends the judges that follow runs, or will, by the run. */
  readonly #following = new Map<string, Pick<Ahead<never>, 'end'>>();
  /** One key for all judges of a run, so that its snapshots are measured on the same rows. */
  readonly #keys = new RowKeys();

  constructor(
    private readonly loop: LoopParts,
    private readonly judge = { ahead: snapshotsAhead, now: measureSnapshots },
  ) {}

  /** Has the judge measure each snapshot of a longer run as it comes, on what the run leaves of the cores. */
  follow(run: string): void {
    if (!this.loop.config.task.contract.judgeAhead) return;
    const later = setTimeout(
      () => this.#following.set(run, this.judge.ahead(this.#requestFor(run))),
      FOLLOWED_AFTER_MS,
    ).unref();
    this.#following.set(run, { end: async () => clearTimeout(later) });
  }

  /** Ends the judge that follows a run. */
  async end(run: string): Promise<void> {
    const judge = this.#following.get(run);
    this.#following.delete(run);
    await judge?.end();
  }

  /**
   * Measures what is left of a run that has ended, by another judge: the one that has followed the run gives
   * way to whatever runs beside it, such as the judge of the verdict, and one more start is less than that.
   * @throws JudgeError
   */
  async measure(run: string, device: string | null | undefined): Promise<void> {
    await this.end(run);
    await this.judge.now({ ...this.#requestFor(run), device });
  }

  #requestFor(run: string): JudgeRequest {
    const { config, sandbox, stopper } = this.loop;
    const { task, repo, profile } = config;
    // A judge that follows a run takes as long as it.
    const timeoutSeconds = profile.timeout + 3600;
    const drawn = task.contract.judgeAhead && { drawn: { key: this.#keys.of(run) } };
    return { task, repo, runDir: runDir(repo, run), sandbox, signal: stopper.hard, timeoutSeconds, ...drawn };
  }
}
