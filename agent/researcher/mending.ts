import type {
  BetaMessage,
  BetaMessageParam,
  BetaTextBlockParam,
  BetaToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import type { Ending } from './converse.ts';
import { type Manner, onFallback } from './manner.ts';
import { textOf } from './meter.ts';

/** How a conversation goes on after a reply that was no whole tool call: with which words, if any, and in which manner. */
export interface Mend {
  answer: BetaMessageParam | null;
  manner: Manner;
  /** For those who look on. */
  notice?: string;
}

const CUT =
  'This reply was cut off at the limit of tokens and nothing of it was run. Go on in smaller steps.';
const GARBLED =
  'Your last reply held a tool call whose input was not valid JSON. Nothing of that reply was run or kept: make your calls again.';
const CLOSE =
  'The context of this conversation is full; old tool results are gone from it. Start nothing more. Write into the README of the sprint what was found and what was not, then call finish_sprint.';
const FULL = "the model's context window is full";

/** What becomes of a reply that ended without whole tool calls. */
export function mending(message: BetaMessage, manner: Manner): Ending | Mend {
  const text = textOf(message);
  switch (message.stop_reason) {
    case 'max_tokens':
      return { answer: { role: 'user', content: refusedCalls(message, CUT) ?? CUT }, manner };
    case 'pause_turn':
      return { answer: null, manner };
    case 'refusal': {
      const why = text || message.stop_details?.explanation || 'no words given';
      const reason = `the model refused: ${why.slice(0, 200)}`;
      const next = onFallback(manner);
      if (!next) return { kind: 'failed', reason };
      return { answer: null, manner: next, notice: `${reason}; ${next.model} is asked once more` };
    }
    case 'model_context_window_exceeded':
      return closing(manner, refusedCalls(message, CLOSE));
    default:
      return { kind: 'silent', text };
  }
}

/** The first time the context is full: room is made for closing words, and they are asked for. The second time: the end. */
export function closing(manner: Manner, refused: BetaToolResultBlockParam[] | null = null): Ending | Mend {
  if (manner.closing) return { kind: 'limit', of: 'sprint', reason: FULL };
  const words: BetaTextBlockParam = { type: 'text', text: CLOSE };
  return {
    answer: { role: 'user', content: [...(refused ?? []), words] },
    manner: { ...manner, closing: true, compacts: false, web: false },
    notice: `${FULL}: the researcher is asked to close the sprint`,
  };
}

/** A reply that could not be read cannot be sent back either: it is asked for again. */
export const garbled = (manner: Manner): Mend => ({
  answer: { role: 'user', content: GARBLED },
  manner,
});

/** Error results for the calls of a reply that was cut: none of them was run. Null where it has none. */
function refusedCalls({ content }: BetaMessage, why: string): BetaToolResultBlockParam[] | null {
  const calls = content.filter((block) => block.type === 'tool_use');
  if (calls.length === 0) return null;
  return calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, is_error: true, content: why }));
}
