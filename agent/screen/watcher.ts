import { existsSync } from 'node:fs';
import type { LoggedEvent } from '#contract/event';
import { readTask } from '#contract/task';
import { SECRET_WORLDS, type TaskContract } from '#contract/task-contract';
import { printable } from '#contract/text';
import { pausedSince } from '../budget/pause.ts';
import { eventsPath, sprintsDir, stateDir, taskPath } from '../common/paths.ts';
import { EventTail } from '../journal/event-tail.ts';
import { fold } from '../journal/fold.ts';
import type { Journal } from '../journal/journal.ts';
import { lockHolder } from '../journal/lock.ts';
import { nothingYet, workedSeconds } from '../journal/state.ts';
import { bestOf, readSprints } from '../ledger/ledger.ts';
import { OFFLINE } from '../researcher/connection.ts';
import { type Confirming, confirmingAfter } from './confirming.ts';
import { eventLines } from './event-lines.ts';
import { type WatchedRun, WatchedRuns } from './watched-runs.ts';

type State = ReturnType<Journal['state']>;

/** All that a frame shows of a loop. */
export interface Watched {
  contract: Pick<TaskContract, 'title' | 'metric' | 'also' | 'plots' | 'secret'>;
  state: State;
  alive: boolean;
  /** Since when `npm run pause` holds it. */
  paused: string | null;
  workedSeconds: number;
  /** The call under way, and whether it searches the web. */
  call: { since: string; searching: boolean } | null;
  /** When the last tool ended. */
  actedAt: string | null;
  /** Those under way, and of each researcher that trains none the last one. */
  runs: WatchedRun[];
  confirming: Confirming | null;
  best: { number: number; title: string; metrics: Record<string, number>; confirmed: number | null } | null;
  /** The last lines of its console. */
  said: string[];
}

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
  readonly #runs: WatchedRuns;
  #confirming: Watched['confirming'] = null;
  #best: { of: string; best: Watched['best'] } = { of: '', best: null };
  #said: string[] = [];
  readonly #tell: (event: LoggedEvent) => void;
  #contract: Watched['contract'];

  constructor(private readonly repo: string) {
    this.#tail = new EventTail(eventsPath(repo));
    this.#runs = new WatchedRuns(repo);
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
      [this.#state, this.#call, this.#confirming, this.#said] = [nothingYet, null, null, []];
      this.#runs.clear();
      this.#best = { of: '', best: null };
    }
    for (const event of events) this.#add(event);
    this.#runs.readEvals(events.length > 0);
    return events;
  }

  #add(event: LoggedEvent): void {
    this.#state = fold(this.#state, event);
    if (event.type === 'turn.started') this.#call = { since: event.at, searching: false };
    if (event.type === 'turn.searching' && this.#call) this.#call = { ...this.#call, searching: true };
    if (Object.keys(this.#state.calls).length === 0) this.#call = null;
    if (event.type === 'tool.finished') this.#actedAt = event.at;
    this.#runs.add(event);
    this.#confirming = confirmingAfter(this.#confirming, event);
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
      ...{ runs: this.#runs.shown(), confirming: this.#confirming, best: this.#bestNow(), said: this.#said },
    };
  }

  /** The closed sprints are read again when there is one more: a night has hundreds of large records. */
  #bestNow(): Watched['best'] {
    const { leaderboard, committed, sprints } = this.#state;
    const closed = Object.values(sprints).filter((sprint) => sprint.closed !== null);
    const of = `${leaderboard} ${committed.length} ${closed.length}`;
    if (of === this.#best.of || leaderboard === null) return this.#best.best;
    this.#best = { of, best: readBest(this.repo, leaderboard, this.#contract.metric) };
    return this.#best.best;
  }
}

function readBest(repo: string, leaderboard: string, metric: string): Watched['best'] {
  try {
    const best = bestOf(readSprints(sprintsDir(repo)), leaderboard);
    if (!best?.verdict) return null;
    const { number, title, verdict, confirmed } = best;
    return { number, title, metrics: verdict.metrics, confirmed: confirmed?.candidate.mean[metric] ?? null };
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
  return { title: 'Research loop', metric: '', also: [], plots: { curves: [] }, secret: SECRET_WORLDS };
}
