import type { SprintRun } from '#contract/sprint';
import { duration } from '../common/words.ts';
import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { bestCandidate } from '../ledger/stages.ts';
import type { Connection } from '../researcher/connection.ts';
import type { Limit } from '../researcher/conversation.ts';
import { fits, fullRunSeconds, type Pace, secondsFor } from './pace.ts';
import { checkIsDue, paceNow, runsSoFar, stagesOf } from './plan.ts';

/** The parts of the loop that this file uses. */
export interface LoopParts {
  config: Config;
  connection: Connection;
  journal: Journal;
  ledger: Ledger;
  secrets?: { readonly of: { readonly hash: string } } | null;
}

/** A full run that still fits, and the candidate that it is kept for. */
export interface Slot {
  candidate: SprintRun;
  pace: Pace;
  /** How many full runs fit. */
  fits: number;
  /** No other run fits before the full run any more, not even a screen. */
  due: boolean;
  /** Less time is left than a full run needs with its slack. */
  late: boolean;
}

/**
 * The last full run that the best candidate can still get, in a profile with stages. Null where there is no
 * such candidate, or no time for its full run.
 */
export function lastSlot(loop: LoopParts, started: readonly string[] = []): Slot | null {
  const {
    config: { profile, limits },
  } = loop;
  if (!profile.staged) return null;
  const soFar = runsSoFar(loop, started);
  const stages = stagesOf(loop, soFar);
  const candidate = stages && bestCandidate(stages);
  const pace = candidate && paceNow(loop, soFar, candidate.experiment);
  if (!candidate || !pace) return null;
  const room = fits(profile.budgets.full, pace);
  const full = fullRunSeconds(profile, pace);
  const ofOneSprint = (limits.sprint.hours ?? Number.POSITIVE_INFINITY) * 3600;
  if (room < 1 || full > ofOneSprint) return null;
  const screen = profile.budgets.screen / pace.samplesPerSecond;
  return {
    ...{ candidate, pace, fits: room },
    due: pace.secondsLeft < full + screen,
    late: pace.secondsLeft < full,
  };
}

/**
 * Makes sure within a sprint that the last full run, and the time that is kept for the best, are not lost
 * while the researcher thinks or the API cannot be reached.
 */
export class SlotWatch {
  #told = false;
  /** The number of turns when the researcher was told that the full run has to begin now. */
  #warned: number | null = null;

  constructor(
    readonly loop: LoopParts,
    /** The runs of the open sprint; null before it is claimed. */
    readonly runs: () => { readonly open: readonly string[]; readonly started: readonly string[] } | null,
  ) {}

  /**
   * Two notices to the researcher, each given once: only one full run still fits, with its candidate; then,
   * the full run has to begin now.
   */
  notice(): string[] {
    const slot = this.#slot();
    if (!slot) return [];
    const { candidate, pace } = slot;
    const how = `run_experiment with of: "${candidate.id}", budget: "full"`;
    if (slot.due && this.#warned === null) {
      this.#told = true;
      this.#warned = this.#turns;
      return [
        `The last full run has to start now (${duration(pace.secondsLeft)} are left, it takes ${duration(secondsFor(this.loop.config.profile.budgets.full, pace))}): ${how}, with your next call. Otherwise the loop closes this sprint and makes that run itself.`,
      ];
    }
    if (this.#told || slot.fits !== 1) return [];
    this.#told = true;
    return [
      `Only one full run still fits before the end (${duration(pace.secondsLeft)} are left). It is kept for the best candidate so far: ${how}.`,
    ];
  }

  /**
   * Why this sprint may make no further call: the rest of the night is kept for the best, the researcher
   * ignored the notice, or the full run cannot wait any longer. Null while it may.
   */
  past(): Limit | null {
    const due = this.#held ? null : checkIsDue(this.loop);
    if (due) return due;
    const slot = this.#slot();
    if (!slot) return null;
    const deaf = slot.due && this.#warned !== null && this.#turns > this.#warned;
    return deaf || slot.late
      ? { code: 'last-slot', reason: `the last full run, that of ${slot.candidate.id}, has to start` }
      : null;
  }

  get #turns(): number {
    return this.loop.journal.sprint?.cost.turns ?? 0;
  }

  get #held(): boolean {
    return (this.runs()?.open.length ?? 0) > 0 || this.loop.journal.state().reserved.length > 0;
  }

  /**
   * The slot; null while the device is held, since the gate has checked the time of the run that holds it.
   */
  #slot(): Slot | null {
    return this.#held ? null : lastSlot(this.loop, this.runs()?.started);
  }
}
