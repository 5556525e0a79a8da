import type { MeasuredProfile } from '#contract/noise';
import type { Task } from '#contract/task';
import type { Used } from '../journal/state.ts';
import type { Via } from '../researcher/connect/client.ts';

/** The limits that end a loop; null is no limit. */
export interface Limits {
  usd: number | null;
  tokens: number | null;
  sprints: number | null;
  /** Hours that all training runs together may hold the device. */
  trainHours: number | null;
  until: Date;
  /** The limits of one sprint (see TASK.md). */
  sprint: { usd: number | null; hours: number | null; turns: number };
  /** The loop ends when a verified best reaches this. */
  target: { metric: string; sign: '>=' | '<='; value: number } | null;
}

/** A target as written. `=` is for the deciding metric alone, and means that value or better. */
export interface AskedTarget {
  metric: string;
  sign: '=' | '>=' | '<=';
  value: number;
}

/** The options of `npm run loop`, with all defaults filled in. */
export interface LoopOptions {
  repo: string;
  researcher: 'claude' | 'offline' | null;
  profile: string | null;
  /**
   * `best-known`, `baseline`, or a run, run branch or commit whose workspace a new run branch begins with.
   */
  start: string | null;
  fresh: boolean;
  maxSprints: number | null;
  maxUsd: number | 'none' | null;
  maxTokens: number | null;
  trainHours: number | null;
  sprintUsd: number | null;
  sprintHours: number | null;
  /** An http(s) address or a command that receives news of new bests, trouble and the end. */
  notify: string | null;
  target: AskedTarget | null;
  until: string | null;
  model: string | null;
  /** How Claude is reached; null: as the environment says, otherwise the Messages API. */
  via: Via | null;
  /** Server-side search and fetch for Claude. */
  web: boolean;
  sandbox: 'auto' | 'off';
  seed: number;
  /** How many researchers work side by side. */
  researchers: number;
}

/**
 * The configuration of a loop, as one immutable value. After an edit of TASK.md a new one takes its place at
 * the start of the next sprint.
 */
export interface Config {
  readonly repo: string;
  readonly task: Task;
  readonly profileName: string;
  readonly profile: MeasuredProfile;
  readonly leaderboard: string;
  /** Seed of runs that name none. */
  readonly seed: number;
  readonly limits: Limits;
  /** The options that `limits` come from, beside TASK.md. */
  readonly asked: LoopOptions;
  /** When this loop was started. */
  readonly since: Date;
  /** What the loop had used before a crash, where this start continues it. */
  readonly takenUp: Used | null;
}
