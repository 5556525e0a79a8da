import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { CallCost, Limit } from '../researcher/conversation.ts';
import type { Reserve } from '../researcher/reserve.ts';
import { pastCap } from './caps.ts';
import type { SlotWatch } from './last-slot.ts';
import { loopSecondsLeft } from './time-left.ts';

/** The parts of the loop that this file uses. */
interface LoopParts {
  config: Pick<Config, 'limits'>;
  journal: Journal;
}

/** A call that a researcher asks for. */
interface AskedCall extends CallCost {
  /** Null before the sprint is claimed. */
  sprint: string | null;
  slot: Pick<SlotWatch, 'past'>;
}

/**
 * The gate of every call. Returns null where the call may be made, and books its reservation in the same
 * step, until the call has ended. Otherwise returns the limit that forbids it: the loop's time, money or
 * tokens, a limit of the sprint, or the last full run, which has to begin.
 */
export function mayCall(loop: LoopParts, { sprint, slot, ...cost }: AskedCall): Limit | null {
  const no = overLimit(loop, cost.reserve) ?? pastCap(loop) ?? slot.past();
  if (no === null) loop.journal.emit({ type: 'turn.started', sprint, ...cost });
  return no;
}

/**
 * The money and tokens left for the next call. Two amounts are subtracted: what cut calls may have cost
 * beyond what is booked, until the loop ends; and what the open calls of other researchers can cost.
 */
export function leftToSpend({ config: { limits }, journal }: LoopParts): Reserve {
  const { usd, tokens, held } = journal.state();
  const others = reservedByOthers(journal);
  return {
    usd: limits.usd === null ? Number.POSITIVE_INFINITY : limits.usd - usd - held.usd - others.usd,
    tokens:
      limits.tokens === null
        ? Number.POSITIVE_INFINITY
        : limits.tokens - tokens - held.tokens - others.tokens,
  };
}

/** Whether something that costs at most this much takes no more than `share` of what is left. */
export function affords(loop: LoopParts, { usd, tokens }: Reserve, share: number): boolean {
  const left = leftToSpend(loop);
  return usd <= left.usd * share && tokens <= left.tokens * share;
}

function reservedByOthers({ state, researcherId }: Journal): Reserve {
  const others = Object.entries(state().calls).filter(([id]) => id !== researcherId);
  return others.reduce(
    (sum, [, { reserve }]) => ({ usd: sum.usd + reserve.usd, tokens: sum.tokens + reserve.tokens }),
    { usd: 0, tokens: 0 },
  );
}

function overLimit(loop: LoopParts, reserve: Reserve): Limit | null {
  const {
    config: { limits },
    journal,
  } = loop;
  if (loopSecondsLeft(loop) <= 0)
    return { code: 'time', reason: `the time is up (${limits.until.toISOString().slice(0, 16)} UTC)` };
  const { usd, tokens, held } = journal.state();
  const others = reservedByOthers(journal);
  const left = leftToSpend(loop);
  if (reserve.usd > left.usd) {
    const cut = held.usd > 0 ? `, ${held.usd.toFixed(2)} reserved for calls that were cut off` : '';
    const open = others.usd > 0 ? `, ${others.usd.toFixed(2)} reserved for calls under way` : '';
    const spent = `${usd.toFixed(2)} spent${cut}${open}`;
    return {
      code: 'money',
      reason: `the money limit of ${limits.usd} USD: ${spent}, and the next call could cost ${reserve.usd.toFixed(2)}`,
    };
  }
  if (reserve.tokens > left.tokens) {
    const used = tokens + held.tokens + others.tokens;
    return {
      code: 'tokens',
      reason: `the limit of ${limits.tokens} tokens: ${used} used, and the next call could use ${reserve.tokens}`,
    };
  }
  return null;
}
