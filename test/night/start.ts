import { setTimeout as sleep } from 'node:timers/promises';
import { eventsPath } from '#agent/common/paths';
import { type LoopProcess, startCommand } from '#agent/fixtures/loop';
import { readEvents } from '#agent/journal/events';
import { fold } from '#agent/journal/fold';
import { nothingYet } from '#agent/journal/state';
import { EXIT_CODES, type StopCode } from '#contract/stop';
import type { LoopPlan } from './plan.ts';

/** How a loop went, by its own log. */
export interface LoopResult {
  sprints: number;
  kills: number;
  exitCode: number | 'late';
  /** Why it ended; null where it did not. */
  code: StopCode | null;
  reason: string;
  booked: number;
  held: number;
}

const MOST_KILLS = 12;

/**
 * Runs a loop until it ends by itself, with a restart after each kill; a loop that is late is killed.
 * `started` is called with each process.
 */
export async function playLoop(
  repo: string,
  plan: LoopPlan,
  { flags, until, started }: { flags: string[]; until: number; started(loop: LoopProcess): void },
): Promise<{ result: LoopResult; said: string }> {
  for (let kills = 0; ; kills++) {
    const loop = startCommand(repo, 'loop', '--max-usd', String(plan.limitUsd), ...flags);
    started(loop);
    const late = sleep(Math.max(0, until - Date.now()), 'late' as const, { ref: false });
    const code = await Promise.race([loop.ended, late]);
    if (code === null && kills < MOST_KILLS) continue;
    if (code === 'late') {
      loop.child.kill('SIGKILL');
      await loop.ended;
    }
    const exitCode = code ?? 'late';
    return { result: { kills, exitCode, ...bookedIn(repo) }, said: loop.said() };
  }
}

/** What the log says of the loop that was started last; a restart after a kill continues the same log. */
function bookedIn(repo: string) {
  const { committed, usd, held, stopped } = readEvents(eventsPath(repo)).reduce(fold, nothingYet);
  return {
    sprints: committed.length,
    booked: usd,
    held: held.usd,
    code: stopped?.code ?? null,
    reason: stopped?.reason ?? 'it did not end',
  };
}

const MOST_BOOKED = 1.3;
/** The rounding of sums that are added in another order. */
const ROUNDING = 1e-9;

/**
 * Problems with how a loop ended and what it booked, one line each. `billed`: what the server charged, in
 * USD.
 */
export function wrongWith(
  plan: LoopPlan,
  { exitCode, code, reason, ...money }: LoopResult,
  billed: number,
): string[] {
  const { sprints, booked, held } = money;
  const usd = (amount: number) => amount.toFixed(4);
  const wrong = [
    exitCode !== EXIT_CODES[plan.code] && `it ended with ${exitCode}: ${reason}`,
    code !== plan.code && `it ended because of "${reason}" (${code})`,
    sprints !== plan.sprints.length && `${sprints} sprints of ${plan.sprints.length}`,
    booked > MOST_BOOKED * billed && `${usd(booked)} USD were booked, and ${usd(billed)} billed`,
    billed > booked + held + ROUNDING &&
      `${usd(billed)} USD were billed, and ${usd(booked + held)} booked and held`,
    billed > plan.limitUsd && `${usd(billed)} USD were billed, of ${plan.limitUsd}`,
    // A loop that ended at its money limit has spent most of it: what is left could not pay for the next
    // call.
    plan.code === 'money' && billed < 0.75 * plan.limitUsd && `only ${usd(billed)} USD were billed`,
  ];
  return wrong.flatMap((line) => (line ? [`${plan.name}: ${line}`] : []));
}
