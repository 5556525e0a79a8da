import { existsSync } from 'node:fs';
import type { LoggedEvent } from '#contract/event';
import type { EvalPoint } from '#contract/run';
import { readTask, type TaskContract } from '#contract/task';
import { printable } from '#contract/text';
import { pausedSince } from '../budget/pause.ts';
import { eventsPath, runDir, sprintsDir, stateDir, taskPath } from '../common/paths.ts';
import { EventTail } from '../journal/event-tail.ts';
import { fold } from '../journal/fold.ts';
import type { Journal } from '../journal/journal.ts';
import { lockHolder } from '../journal/lock.ts';
import { nothingYet, workedSeconds } from '../journal/state.ts';
import { bestOf, readSprints } from '../ledger/ledger.ts';
import { readEvals } from '../ledger/run-folder.ts';
import { OFFLINE } from '../researcher/connection.ts';
import { eventLines } from './event-lines.ts';

/** The run that a watcher shows: the one under way, else the last one. */
export interface WatchedRun {
  id: string;
  /** Null while it runs. */
  ended: { status: string; reason: string | null } | null;
  total: number;
  /** What its trainer logged, thinned. */
  log: { samples: number; values: Record<string, number> }[];
  /** Its snapshots, once the judge has measured them. */
  evals: EvalPoint[];
}

type State = ReturnType<Journal['state']>;

/** All that a frame shows of a loop. */
export interface Watched {
  contract: Pick<TaskContract, 'title' | 'metric' | 'also' | 'plots'>;
  state: State;
  alive: boolean;
  /** Since when `npm run pause` holds it. */
  paused: string | null;
  workedSeconds: number;
  /** The call under way, and whether it searches the web. */
  call: { since: string; searching: boolean } | null;
  /** When the last tool ended. */
  actedAt: string | null;
  run: WatchedRun | null;
  best: { number: number; title: string; metrics: Record<string, number> } | null;
  /** The last lines of its console. */
  said: string[];
}

const MOST_POINTS = 1000;
const MOST_LINES = 100;
/** A frame shows them elsewhere. */
const SHOWN: ReadonlySet<LoggedEvent['type']> = new Set(['run.progress', 'loop.started', 'loop.stopped']);

/**
 * Watches the loop of a checkout from its files alone: its event log, its run folders, and TASK.md for what
 * is shown. The loop may run in another terminal, or on another machine that has the folder.
 */
export class Watcher {
  readonly #tail: EventTail;
  #state: State = nothingYet;
  #call: Watched['call'] = null;
  #actedAt: string | null = null;
  #run: WatchedRun | null = null;
  #best: { of: string; best: Watched['best'] } = { of: '', best: null };
  #said: string[] = [];
  readonly #tell: (event: LoggedEvent) => void;
  #contract: Watched['contract'];

  constructor(private readonly repo: string) {
    this.#tail = new EventTail(eventsPath(repo));
    this.#contract = contractOf(repo);
    const told = {
      contract: this.#contract,
      folder: (sprint: string) => `sprints/${sprint}`,
      offline: () => this.#state.started?.researcher === OFFLINE,
      usd: () => this.#state.usd,
    };
    const write = (text: string) => {
      this.#said = [...this.#said, printable(text).trimEnd()].slice(-MOST_LINES);
    };
    this.#tell = eventLines(told, { isTTY: false, columns: 0, write });
  }

  /** Reads what is new. Gives the new events, of a new loop all of them. */
  read(): LoggedEvent[] {
    const { events, anew } = this.#tail.read();
    if (anew) {
      [this.#state, this.#run, this.#call, this.#said] = [nothingYet, null, null, []];
      this.#best = { of: '', best: null };
    }
    for (const event of events) this.#add(event);
    const run = this.#run;
    // The judge measures snapshots without an event of its own.
    if (run && (run.ended || events.length > 0)) run.evals = readEvals(runDir(this.repo, run.id));
    return events;
  }

  #add(event: LoggedEvent): void {
    this.#state = fold(this.#state, event);
    if (event.type === 'turn.started') this.#call = { since: event.at, searching: false };
    if (event.type === 'turn.searching' && this.#call) this.#call = { ...this.#call, searching: true };
    if (Object.keys(this.#state.calls).length === 0) this.#call = null;
    if (event.type === 'tool.finished') this.#actedAt = event.at;
    if (event.type === 'run.started' && this.#run?.id !== event.run)
      this.#run = { id: event.run, ended: null, total: event.samples, log: [], evals: [] };
    const run = this.#run;
    if (run && 'run' in event && event.run === run.id) {
      if (event.type === 'run.started') run.ended = null;
      if (event.type === 'run.finished') run.ended = { status: event.status, reason: event.reason };
      if (event.type === 'run.progress') {
        const { samples, totalSamples, values } = event;
        const place = (of: number) => Math.floor((MOST_POINTS * of) / Math.max(1, totalSamples));
        // The last point of each place stays. A run that is continued logs some samples again.
        const before = run.log.filter((point) => place(point.samples) < place(samples));
        run.log = [...before, { samples, values }];
      }
    }
    if (!SHOWN.has(event.type)) this.#tell(event);
  }

  now(): Watched {
    const state = this.#state;
    const alive = lockHolder(stateDir(this.repo))?.alive === true;
    const upToNow = alive ? { ...state, lastEventAt: new Date().toISOString() } : state;
    return {
      ...{ contract: this.#contract, state, alive, call: this.#call, actedAt: this.#actedAt },
      paused: pausedSince(this.repo),
      workedSeconds: workedSeconds(upToNow),
      ...{ run: this.#run, best: this.#bestNow(), said: this.#said },
    };
  }

  /** The closed sprints are read again when there is one more: a night has hundreds of large records. */
  #bestNow(): Watched['best'] {
    const { leaderboard, committed, sprints } = this.#state;
    const closed = Object.values(sprints).filter((sprint) => sprint.closed !== null);
    const of = `${leaderboard} ${committed.length} ${closed.length}`;
    if (of === this.#best.of || leaderboard === null) return this.#best.best;
    this.#best = { of, best: readBest(this.repo, leaderboard) };
    return this.#best.best;
  }
}

function readBest(repo: string, leaderboard: string): Watched['best'] {
  try {
    const best = bestOf(readSprints(sprintsDir(repo)), leaderboard);
    return best?.verdict ? { number: best.number, title: best.title, metrics: best.verdict.metrics } : null;
  } catch {
    // A record that is being written.
    return null;
  }
}

/** What the task shows; a folder without a readable task is shown all the same. */
function contractOf(repo: string): Watched['contract'] {
  try {
    if (existsSync(taskPath(repo))) return readTask(taskPath(repo)).contract;
  } catch {
    // The loop goes on with the task that it has read.
  }
  return { title: 'Research loop', metric: '', also: [], plots: { curves: [] } };
}
