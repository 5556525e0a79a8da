import type { Profile, Task } from '#contract/task';
import type { Used } from '../journal/fold.ts';
import type { Via } from '../researcher/connect/client.ts';

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

/**
 * What a loop works by. One immutable value: where TASK.md was edited, a new one takes its place at the next
 * sprint's start.
 */
export interface Config {
  readonly repo: string;
  readonly task: Task;
  readonly profileName: string;
  readonly profile: Profile;
  readonly leaderboard: string;
  /** Seed of runs, unless one is named. */
  readonly seed: number;
  readonly limits: Limits;
  /** What the limits come from, beside TASK.md. */
  readonly asked: LoopOptions;
  /** When this loop was started. */
  readonly since: Date;
  /** What it had used before this start took it up, where it was cut off. */
  readonly takenUp: Used | null;
}
