import type { LoggedEvent } from '#contract/event';
import type { EvalPoint } from '#contract/run';
import { runDir } from '../common/paths.ts';
import { readEvals } from '../ledger/run-folder.ts';

/** A run that a watcher shows: one under way, or the last one of its researcher. */
export interface WatchedRun {
  id: string;
  researcherId: string;
  /** Null while it runs. */
  ended: { status: string; reason: string | null } | null;
  total: number;
  /** What its trainer logged, thinned. */
  log: { samples: number; values: Record<string, number> }[];
  /** Its snapshots, once the judge has measured them. */
  evals: EvalPoint[];
}

const MOST_POINTS = 1000;

/** The runs that a watcher shows: those under way, and of a researcher that trains none the last one. */
export class WatchedRuns {
  #runs: WatchedRun[] = [];

  constructor(private readonly repo: string) {}

  clear(): void {
    this.#runs = [];
  }

  add(event: LoggedEvent): void {
    if (event.type === 'run.started') this.#start(event);
    const run = this.#runs.find(({ id }) => 'run' in event && event.run === id);
    if (!run) return;
    if (event.type === 'run.finished') run.ended = { status: event.status, reason: event.reason };
    if (event.type === 'run.progress') {
      const { samples, totalSamples, values } = event;
      const place = (of: number) => Math.floor((MOST_POINTS * of) / Math.max(1, totalSamples));
      // The last point of each place stays. A run that is continued logs some samples again.
      const before = run.log.filter((point) => place(point.samples) < place(samples));
      run.log = [...before, { samples, values }];
    }
  }

  #start({ run: id, researcherId, samples }: Extract<LoggedEvent, { type: 'run.started' }>): void {
    const again = this.#runs.find((run) => run.id === id);
    if (again) again.ended = null;
    const others = this.#runs.filter(
      (run) => run === again || run.ended === null || run.researcherId !== researcherId,
    );
    const fresh = { id, researcherId, ended: null, total: samples, log: [], evals: [] };
    this.#runs = again ? others : [...others, fresh];
  }

  /** Reads the snapshots, which the judge measures without an event of its own. `news`: an event came. */
  readEvals(news: boolean): void {
    for (const run of this.#runs) if (run.ended || news) run.evals = readEvals(runDir(this.repo, run.id));
  }

  /** In the order of their researchers; of each the oldest first. */
  shown(): WatchedRun[] {
    const trains = new Set(this.#runs.flatMap((run) => (run.ended ? [] : run.researcherId)));
    const last = new Map(this.#runs.map((run) => [run.researcherId, run]));
    return this.#runs
      .filter((run) => (trains.has(run.researcherId) ? !run.ended : last.get(run.researcherId) === run))
      .sort((a, b) => compareIds(a.researcherId, b.researcherId));
  }
}

const compareIds = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
