import type { Pair } from '#contract/combining';
import type { LoggedEvent } from '#contract/event';
import type { Note } from '#contract/note';
import type { HowFar, RunSpec } from '#contract/run';
import type { HintAnswer, WaitingRun } from '#contract/sprint';
import type { StopCode } from '#contract/stop';
import type { Outcome, Verdict } from '#contract/verdict';
import type { Refusal } from '../common/refusal.ts';

/** An open sprint, folded from the events: all that closing it needs, live or after a crash. */
export interface SprintState {
  number: number;
  /** The researcher who claims and works on this sprint. */
  researcherId: string;
  openedAt: string;
  /** Seconds that the loop had worked when the sprint opened. */
  openedAfter: number;
  treeBefore: string;
  /** The rules that it was opened under; null in the logs of earlier versions. */
  leaderboard: string | null;
  /** The run that the loop itself repeats as a full run; null where a researcher is asked. */
  fullRunOf: string | null;
  /** The two gains that the loop itself puts together; null where a researcher is asked. */
  combines: Pair | null;
  /** The sprint whose gains the researcher is asked to combine; null: none. */
  handed: string | null;
  /** Null until the researcher claims the sprint by start_sprint. */
  claim: {
    id: string;
    title: string;
    idea: string;
    predicted: Record<string, number>;
    hintAnswers?: HintAnswer[];
  } | null;
  runs: string[];
  /** The ticket that each run had before it started, by run id. */
  tickets: Record<string, string>;
  /** Runs that wait for the device. `dropped`: why a run will not be started any more. */
  waiting: (WaitingRun & { dropped: string | null })[];
  /** The text of HINTS.md when the sprint opened, then the hints added since. */
  hints: string[];
  verdicts: Record<string, Verdict>;
  /** How often inspect has shown something. */
  inspections: number;
  /** The researcher has called finish_sprint, and it was accepted. */
  finished: boolean;
  closed: { outcome: Outcome; reason: string } | null;
  rendered: boolean;
  /**
   * How often the sprint was resumed after the loop was cut off. Resuming after a deliberate stop does not
   * count.
   */
  resumed: number;
  /** The models that were called, in order of first use. */
  models: string[];
  /** The model's texts between the calls, shortened. */
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
  confirmSeconds: number;
  /** The sprint's own limit that was reached, and the number of turns when the researcher was told. */
  capped: { reason: string; turns: number } | null;
}

/** A run that has started and not ended. */
export interface LiveRun extends Pick<RunSpec, 'experiment'> {
  startedAt: string;
  progress: HowFar | null;
  /** Why it waits in the queue of a cluster; absent while it trains. */
  waits?: string;
}

/** US dollars and tokens. */
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
 * A call that was permitted and has not ended. `most`: the most that it can have cost by now. `reserve`: its
 * whole reservation. `likely`: what is booked for it if the loop crashes during the call.
 */
export interface OpenCall {
  most: Amount;
  reserve: Amount;
  likely: Amount;
}

/**
 * Why a sprint failed, and what a loop is stopped for where that comes again and again. `no-sprint`: the
 * researcher ended its conversation without a call of start_sprint.
 */
export type SprintFailure = Refusal<Extract<StopCode, 'same-failure' | 'no-sprint'>>;

/**
 * The state of a loop, folded from its events. Recovery, status, notebook and the closing of a sprint read
 * it.
 */
export interface LoopState {
  /** The leaderboard of the sprint that was opened last: TASK.md may be edited while a loop runs. */
  leaderboard: string | null;
  /** The start of the loop, with the current researcher and limits. */
  started: Extract<LoggedEvent, { type: 'loop.started' }> | null;
  /** Seconds worked before `started`, where that start resumed a loop that was cut off. */
  workedBefore: number;
  /** How it ended. `code`: null in the logs of earlier versions. */
  stopped: { code: StopCode | null; reason: string; exitCode: number; at: string } | null;
  /** The open sprints by researcher id, at most one each. */
  sprints: Readonly<Record<string, SprintState>>;
  runs: Record<string, LiveRun>;
  /** Runs that the device is reserved for, in the order of their reservations. */
  reserved: readonly ReservedRun[];
  /** Sprints committed since this loop was started. Like `usd`, it continues over a restart after a crash. */
  committed: { sprint: string; outcome: Outcome; reason: string; metrics: Record<string, number> }[];
  /** Sprints that are committed and have no report yet, as after a crash. */
  unreported: readonly string[];
  /** Notes of all researchers that no record of a sprint has yet. They outlive a sprint that is dropped. */
  notes: readonly Note[];
  /** Why the latest sprints failed, as many as failed in a row. */
  failures: SprintFailure[];
  usd: number;
  /** Input and output, cached or not. */
  tokens: number;
  /**
   * What cut calls may have cost beyond what is booked for them. Counted against the limits until the loop
   * ends.
   */
  held: Amount;
  /** The open calls by researcher id, at most one each. */
  calls: Readonly<Record<string, OpenCall>>;
  trainSeconds: number;
  /** Seconds of runs on secret worlds, their verdicts included. */
  confirmSeconds: number;
  waiting: { reason: string; until: string } | null;
  /** When the loop was paused. While it is paused, no call is made and no run is started. */
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
  sprints: {},
  runs: {},
  reserved: [],
  committed: [],
  unreported: [],
  notes: [],
  failures: [],
  usd: 0,
  tokens: 0,
  held: { usd: 0, tokens: 0 },
  calls: {},
  trainSeconds: 0,
  confirmSeconds: 0,
  leaderboard: null,
  waiting: null,
  paused: null,
  probedSpeed: null,
  lastEventAt: null,
  lastAction: null,
};

/** The open sprints, by number. */
export const openSprints = ({ sprints }: Pick<LoopState, 'sprints'>): SprintState[] =>
  Object.values(sprints).sort((a, b) => a.number - b.number);

/** The ids of the open sprints that are claimed: what lies in their folders may be of anyone. */
export const claimedIds = (state: Pick<LoopState, 'sprints'>): string[] =>
  openSprints(state).flatMap(({ claim }) => claim?.id ?? []);

/** The sprints that other researchers have claimed and not closed. */
export const claimsOfOthers = (state: Pick<LoopState, 'sprints'>, researcherId: string) =>
  openSprints(state).flatMap(({ number, claim, closed, ...sprint }) =>
    claim && !closed && sprint.researcherId !== researcherId
      ? [{ ...claim, number, runs: sprint.runs, researcherId: sprint.researcherId }]
      : [],
  );

/** Whether the last loop left work that the next one has to finish first. */
export const isUnfinished = (state: LoopState): boolean =>
  state.started !== null &&
  (state.stopped === null || openSprints(state).length > 0 || Object.keys(state.runs).length > 0);

/** Seconds that a loop worked up to its last event, without the time before a restart when no loop ran. */
export function workedSeconds({ started, workedBefore, lastEventAt }: LoopState): number {
  if (!started || !lastEventAt) return workedBefore;
  return workedBefore + Math.max(0, Date.parse(lastEventAt) - Date.parse(started.at)) / 1000;
}

/** What an unfinished loop has used of its limits, which the next start continues from. */
export interface Used {
  seconds: number;
  usd: number;
  lastHeardAt: string;
}
