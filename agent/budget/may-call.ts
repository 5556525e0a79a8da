import type { Config } from '../config/config.ts';
import type { Journal } from '../journal/journal.ts';
import type { CallCost, Limit } from '../researcher/conversation.ts';
import type { Reserve } from '../researcher/reserve.ts';
import { pastCap } from './caps.ts';
import type { SlotWatch } from './last-slot.ts';
import { loopSecondsLeft } from './time-left.ts';

/** What is used here of the loop. */
interface LoopParts {
  config: Pick<Config, 'limits'>;
  journal: Journal;
}

/** A call that is asked for. */
interface AskedCall extends CallCost {
  /** Null before the sprint is claimed. */
  sprint: string | null;
  slot: Pick<SlotWatch, 'past'>;
}

/**
 * The gate of every call: null where it may be made, and then its reserve is booked, in the same step, until
 * it has ended. Else the limit that forbids it: the loop's time, money or tokens, the sprint's own limits, or
 * the last full run, which has to begin.
 */
export function mayCall(loop: LoopParts, { sprint, slot, ...cost }: AskedCall): Limit | null {
  const no = overLimit(loop, cost.reserve) ?? pastCap(loop) ?? slot.past();
  if (no === null) loop.journal.emit({ type: 'turn.started', sprint, ...cost });
  return no;
}

/**
 * What is left of money and tokens for the next call. What cut calls may have cost beyond what is booked for
 * them is held until the loop ends; what other researchers' calls under way can cost is theirs.
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

/** Whether something that costs so much at most takes no more than a share of what is left. */
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
    const cut = held.usd > 0 ? `, ${held.usd.toFixed(2)} held for cut calls` : '';
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
