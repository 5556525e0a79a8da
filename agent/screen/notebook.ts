import type { LoggedEvent } from '#contract/event';
import { homeOf } from '#host/worktree';
import { reportsDir, runsDir, sprintsDir } from '../common/paths.ts';
import { messageOf } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Checkout } from '../git/run-branch.ts';
import { sprintCommits } from '../git/sprint-commits.ts';
import type { Journal } from '../journal/journal.ts';
import { runsByHand } from '../ledger/known-runs.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { KnownRun } from '../ledger/rows.ts';
import type { LiveState, renderNotebook } from '../report/index.ts';
import type { Connection } from '../researcher/connection.ts';
import { type Confirming, confirmingAfter } from './confirming.ts';
import { hintsNow } from './hints.ts';
import { liveState } from './live-state.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  checkout: Checkout;
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
}

const EVERY_MS = 10_000;

export type NotebookRenderer = (page: Parameters<typeof renderNotebook>[0]) => Promise<unknown>;

/** The plotting packages take a second to load and a loop has to start at once, so they are loaded later. */
const lateReports = () => import('../report/index.ts');
const lateRenderer: NotebookRenderer = async (page) => (await lateReports()).renderNotebook(page);

/**
 * Keeps the lab notebook `reports/index.html` up to date while the loop runs. It is redrawn on events, at
 * most every ten seconds, one drawing after the other. A commit holds the page as it is when nothing runs.
 */
export class Notebook {
  #drawing: Promise<void> = Promise.resolve();
  #last = 0;
  #told = false;
  #byHand: KnownRun[] | null = null;
  #confirming: Confirming | null = null;

  constructor(
    readonly loop: () => LoopParts,
    readonly render: NotebookRenderer = lateRenderer,
  ) {}

  /**
   * Loads the plotting packages in the background. This has to be early: Ctrl-C or a closed terminal also
   * ends the compiler process that every later import needs.
   */
  load(): void {
    // An error in loading is reported when the packages are needed.
    if (this.render === lateRenderer)
      void lateReports().then(({ loadNotebook }) => loadNotebook().catch(() => {}));
  }

  readonly listen = (event: LoggedEvent): void => {
    this.#confirming = confirmingAfter(this.#confirming, event);
    const worth = [
      'sprint.claimed',
      'run.started',
      'run.progress',
      'run.finished',
      'run.waiting',
      'confirm.measured',
      'loop.waiting',
      'note.taken',
    ];
    // A pause may last long, and no later event would redraw the page.
    const now = ['loop.paused', 'loop.continued'].includes(event.type);
    if (!now && (!worth.includes(event.type) || Date.now() - this.#last < EVERY_MS)) return;
    this.#last = Date.now();
    void this.draw(true).catch((error: unknown) => {
      if (this.#told) return;
      this.#told = true;
      this.loop().journal.notice(`the notebook could not be rendered: ${messageOf(error)}`, 'warn');
    });
  };

  /**
   * Draws the page after any drawing under way. `live`: with the current run, and reloading itself.
   * `stopped`: why the loop ends.
   */
  draw(live: boolean, stopped: string | null = null): Promise<void> {
    const {
      checkout: { git, branch },
      config: { repo, task },
      journal,
      ledger,
    } = this.loop();
    const next = this.#drawing.then(async () => {
      // Their folders are many and seldom new, and a live page is drawn every few seconds.
      if (!live || this.#byHand === null) this.#byHand = runsByHand(repo, ledger.sprints);
      await this.render({
        sprints: ledger.sprints,
        notes: journal.state().notes,
        live: live ? this.#live() : null,
        stopped: stopped === null ? null : { reason: stopped, at: new Date().toISOString() },
        reportsDir: reportsDir(repo),
        sprintsDir: sprintsDir(repo),
        runsDir: runsDir(homeOf(repo)),
        task,
        byHand: this.#byHand,
        hints: hintsNow(repo, ledger.sprints, this.loop().journal.state()),
        // The page is worth more than its commits.
        commits: await sprintCommits(git, branch.name).catch(() => new Map()),
      });
    });
    this.#drawing = next.catch(() => {});
    return next;
  }

  #live(): LiveState {
    const { journal, config, connection } = this.loop();
    const { usd: usdLimit } = config.limits;
    return liveState(journal.state(), {
      confirming: this.#confirming,
      secret: config.task.contract.secret,
      usdLimit,
      researcher: connection.label,
    });
  }
}
