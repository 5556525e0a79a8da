import type { LoggedEvent } from '#contract/event';
import type { HowFar, RunSpec } from '#contract/run';
import type { WaitingRun } from '#contract/sprint';
import type { Outcome, Verdict } from '#contract/verdict';

/** The open sprint as the events tell it: all that closing it needs, live or after a crash. */
export interface SprintState {
  number: number;
  /** Who has it: a claim is that researcher's. */
  researcherId: string;
  openedAt: string;
  /** Seconds that the loop had been at work by then. */
  openedAfter: number;
  treeBefore: string;
  /** The run whose full run the loop makes by itself; null where a researcher is asked. */
  fullRunOf: string | null;
  /** Null until the researcher claims the sprint by start_sprint. */
  claim: { id: string; title: string; idea: string; predicted: Record<string, number> } | null;
  runs: string[];
  /** What runs were known by before they started. */
  tickets: Record<string, string>;
  /** Runs that wait for the device; `dropped`: why one will not be started any more. */
  waiting: (WaitingRun & { dropped: string | null })[];
  /** HINTS.md at the start, then what was added. */
  hints: string[];
  verdicts: Record<string, Verdict>;
  /** The researcher has called finish_sprint, and it was accepted. */
  finished: boolean;
  closed: { outcome: Outcome; reason: string } | null;
  rendered: boolean;
  /** How often it was taken up again after the loop was cut off; not after one that was stopped. */
  resumed: number;
  /** Who was asked, in order. */
  models: string[];
  /** What was said between the calls. */
  said: { at: string; text: string }[];
  cost: {
    usd: number;
    heldUsd?: number;
    turns: number;
    inputTokens: number;
    cachedInputTokens: number;
    outputTokens: number;
  };
  trainSeconds: number;
  /** The limit of this sprint alone that was reached, and after how many turns the researcher was told. */
  capped: { reason: string; turns: number } | null;
}

/** A run that has started and not ended. */
export interface LiveRun extends Pick<RunSpec, 'experiment'> {
  startedAt: string;
  progress: HowFar | null;
}

/** Money and tokens. */
export interface Amount {
  usd: number;
  tokens: number;
}

/** A run that was accepted and has not ended. */
export interface ReservedRun extends WaitingRun {
  researcherId: string;
  /** Null until it starts. */
  run: string | null;
  /** Samples that were still to be trained when it was accepted. */
  left: number;
}

/**
 * A call that was permitted and has not ended: the most that it can have cost by now, its whole reserve, and
 * what it is booked at if the loop dies in it.
 */
export interface OpenCall {
  most: Amount;
  reserve: Amount;
  likely: Amount;
}

/**
 * What a loop is at, folded from its events. Recovery, status, notebook and the closing of a sprint read it.
 */
export interface LoopState {
  /** Of the sprint that was opened last: TASK.md may be edited while a loop runs. */
  leaderboard: string | null;
  /** With researcher and limits as they are now. */
  started: Extract<LoggedEvent, { type: 'loop.started' }> | null;
  /** Seconds that it was at work before `started`, where that took it up after it was cut off. */
  workedBefore: number;
  stopped: { reason: string; exitCode: number; at: string } | null;
  sprint: SprintState | null;
  runs: Record<string, LiveRun>;
  /** What the device is promised to, in the order of the promises. */
  reserved: readonly ReservedRun[];
  /**
   * Of this loop: sprints committed and money spent since it was started (a restart after a crash counts on).
   */
  committed: { sprint: string; outcome: Outcome; reason: string; metrics: Record<string, number> }[];
  /** Why the sprints in a row up to the last one failed. */
  failures: string[];
  usd: number;
  /** Input and output, cached or not. */
  tokens: number;
  /**
   * What cut calls may have cost beyond what is booked for them. Held against the limits until the loop ends.
   */
  held: Amount;
  /** The calls that are being made, by researcher: at most one of each. */
  calls: Readonly<Record<string, OpenCall>>;
  trainSeconds: number;
  waiting: { reason: string; until: string } | null;
  /** Since when no call is made and no run is started. */
  paused: string | null;
  /** Samples a second of the speed probe. */
  probedSpeed: number | null;
  lastEventAt: string | null;
  lastAction: string | null;
}

export const nothingYet: LoopState = {
  started: null,
  workedBefore: 0,
  stopped: null,
  sprint: null,
  runs: {},
  reserved: [],
  committed: [],
  failures: [],
  usd: 0,
  tokens: 0,
  held: { usd: 0, tokens: 0 },
  calls: {},
  trainSeconds: 0,
  leaderboard: null,
  waiting: null,
  paused: null,
  probedSpeed: null,
  lastEventAt: null,
  lastAction: null,
};
