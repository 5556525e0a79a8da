import type { LoggedEvent } from '#contract/event';
import { cut } from '../common/words.ts';
import { without, withSprint } from './change.ts';
import {
  type Amount,
  isUnfinished,
  type LoopState,
  type OpenCall,
  type SprintState,
  type Used,
  workedSeconds,
} from './state.ts';

type CallEvent = Extract<LoggedEvent, { type: `turn.${string}` }>;

/** The state after an event of a call: what is reserved for it, what it cost, what the model said. */
export function foldCall(now: LoopState, event: CallEvent): LoopState {
  switch (event.type) {
    case 'turn.started': {
      // A log of an earlier version has only `reserve`.
      const { reserve, plain = reserve, likely = reserve } = event;
      const call = { most: plain, reserve, likely };
      return { ...now, calls: { ...now.calls, [event.researcherId]: call }, waiting: null };
    }
    case 'turn.searching': {
      const call = now.calls[event.researcherId];
      if (!call) return now;
      return { ...now, calls: { ...now.calls, [event.researcherId]: { ...call, most: call.reserve } } };
    }
    case 'turn.failed':
      return { ...now, calls: without(now.calls, event.researcherId) };
    case 'turn.finished': {
      const { usd, inputTokens, cachedInputTokens, outputTokens } = event.usage;
      const spent = {
        usd: now.usd + usd,
        tokens: now.tokens + inputTokens + outputTokens,
        held: plus(now.held, event.held),
      };
      const calls = without(now.calls, event.researcherId);
      return withSprint({ ...now, ...spent, calls, waiting: null }, event.researcherId, (sprint) => ({
        ...sprint,
        models: [...new Set([...sprint.models, ...(event.model ? [event.model] : [])])],
        said: withText(sprint.said, event.at, event.text),
        cost: {
          usd: sprint.cost.usd + usd,
          ...heldBy(sprint, event.held?.usd),
          // A cut call is made again, so it counts as no turn.
          turns: sprint.cost.turns + (event.stopReason === 'cut' ? 0 : 1),
          inputTokens: sprint.cost.inputTokens + inputTokens,
          cachedInputTokens: sprint.cost.cachedInputTokens + cachedInputTokens,
          outputTokens: sprint.cost.outputTokens + outputTokens,
        },
      }));
    }
  }
}

/** What an unfinished loop has used; null where the next start begins a new loop. */
export function usedBefore(state: LoopState): Used | null {
  if (!isUnfinished(state) || state.lastEventAt === null) return null;
  const { usd } = bookLostCalls(state);
  return { seconds: workedSeconds(state), usd, lastHeardAt: state.lastEventAt };
}

/** Books each call that a crash cut off at its likely cost. The rest of what it can have cost is held. */
export const bookLostCalls = (state: LoopState): LoopState =>
  Object.entries(state.calls).reduce(bookLostCall, { ...state, calls: {} });

function bookLostCall(state: LoopState, [by, { most, likely }]: [string, OpenCall]): LoopState {
  const rest = {
    usd: Math.max(0, most.usd - likely.usd),
    tokens: Math.max(0, most.tokens - likely.tokens),
  };
  return withSprint(
    {
      ...state,
      usd: state.usd + likely.usd,
      tokens: state.tokens + likely.tokens,
      held: plus(state.held, rest),
    },
    by,
    (sprint) => ({
      ...sprint,
      cost: { ...sprint.cost, usd: sprint.cost.usd + likely.usd, ...heldBy(sprint, rest.usd) },
    }),
  );
}

const heldBy = ({ cost }: SprintState, usd: number | undefined) =>
  usd ? { heldUsd: (cost.heldUsd ?? 0) + usd } : {};

const plus = (a: Amount, b: Amount | undefined): Amount =>
  b ? { usd: a.usd + b.usd, tokens: a.tokens + b.tokens } : a;

/** How much of the model's text is kept per sprint. The transcript has the whole text. */
const SAID = { chars: 1500, texts: 300 };

function withText(said: SprintState['said'], at: string, text: string): SprintState['said'] {
  const words = text.trim();
  if (words === '' || said.length >= SAID.texts) return said;
  return [...said, { at, text: cut(words, SAID.chars) }];
}
