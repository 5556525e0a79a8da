import { join } from 'node:path';
import type { SimpleGit } from 'simple-git';
import type { SprintRun } from '#contract/sprint';
import type { Profile, Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import type { Sandbox } from '#host/sandbox';
import type { EventLog } from './events.ts';
import type { Executor } from './executor/executor.ts';
import type { RunBranch } from './git.ts';
import type { Stopper } from './night/stop.ts';
import type { Notebook } from './notebook.ts';
import type { Notifier } from './notify/notifier.ts';
import type { RenderedReport, ReportRequest } from './report/index.ts';
import type { Via } from './researcher/connect/client.ts';
import type { Connection } from './researcher/connection.ts';
import type { Split } from './split.ts';
import type { LoopState, Used } from './state.ts';

/** Where a loop ends, if nothing else ends it before; null is no limit. */
export interface Limits {
  usd: number | null;
  tokens: number | null;
  sprints: number | null;
  /** Hours that training runs may hold the device, all together. */
  trainHours: number | null;
  until: Date;
  /** Of one sprint (see TASK.md). */
  sprint: { usd: number | null; hours: number | null; turns: number };
  /** Verified by the judge: then there is nothing more to do. */
  target: { metric: string; sign: '>=' | '<='; value: number } | null;
}

/** `=` is for the metric that decides, and means as good as that, or better. */
export interface AskedTarget {
  metric: string;
  sign: '=' | '>=' | '<=';
  value: number;
}

/** What `npm run loop` was asked for, all defaults filled in. */
export interface LoopOptions {
  repo: string;
  researcher: 'claude' | 'offline' | null;
  profile: string | null;
  start: 'best-known' | 'baseline' | null;
  fresh: boolean;
  maxSprints: number | null;
  maxUsd: number | 'none' | null;
  maxTokens: number | null;
  trainHours: number | null;
  sprintUsd: number | null;
  sprintHours: number | null;
  /** An http(s) address or a command that is told of new bests, trouble and the end. */
  notify: string | null;
  target: AskedTarget | null;
  until: string | null;
  model: string | null;
  /** How Claude is reached; null: what the environment says, and otherwise the Messages API itself. */
  via: Via | null;
  /** Server-side search and fetch for Claude. */
  web: boolean;
  sandbox: 'auto' | 'off';
  seed: number;
}

/** Everything a running loop has at hand. Made by preflight, handed to every step. */
export interface House {
  repo: string;
  /** Read again before every sprint: an edit of TASK.md takes effect at the next one. */
  task: Task;
  profileName: string;
  profile: Profile;
  leaderboard: string;
  seed: number;
  connection: Connection;
  sandbox: Sandbox;
  executor: Executor;
  git: SimpleGit;
  branch: RunBranch;
  /** The commit whose workspace the run branch began with; empty until the branch has its start. */
  bestKnown: string;
  events: EventLog;
  /** The fold of all events so far. */
  state(): LoopState;
  split: Split;
  notebook: Notebook;
  notifier: Notifier | null;
  report(request: ReportRequest): Promise<RenderedReport>;
  /** Measures a run that gained once more, on a world that the researcher cannot know. */
  confirm?: (run: SprintRun) => Promise<Verdict>;
  stopper: Stopper;
  limits: Limits;
  asked: LoopOptions;
  /** When this loop was started. */
  since: Date;
  /** What it had used before this start took it up, where it was cut off. */
  takenUp: Used | null;
}

export const sprintsDir = (repo: string) => join(repo, 'sprints');
export const reportsDir = (repo: string) => join(repo, 'reports');
export const stateDir = (repo: string) => join(repo, 'state');
export const eventsPath = (repo: string) => join(repo, 'state', 'events.jsonl');
