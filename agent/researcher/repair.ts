import type { BetaMessage, BetaToolResultBlockParam } from '@anthropic-ai/sdk/resources/beta';
import { plain } from '../common/words.ts';
import { type CallSettings, onFallback } from './call-settings.ts';
import type { Ending } from './conversation.ts';
import { textOf } from './meter.ts';

/** How a conversation continues after a reply that was no whole tool call. */
export interface Repair {
  /** Error results for the calls of a reply that was cut: none of them was run. */
  results: BetaToolResultBlockParam[];
  /** A text for the model, said where one may stand; null for none. */
  words: string | null;
  settings: CallSettings;
  /** Whether it counts as a bad reply. Too many in a row end the conversation. */
  odd: boolean;
  /** A message for the people who watch the loop. */
  notice?: string;
}

const CUT =
  'This reply was cut off at the token limit. None of its calls was run. Continue in smaller steps.';
const GARBLED =
  'Your last reply had a tool call whose input was not valid JSON. None of its calls was run, and the reply was dropped. Make your calls again.';
const CLOSE =
  'The context of this conversation is full, and old tool results were removed from it. Start nothing new. Write into the README.md of your sprint what you found and what remains open, then call finish_sprint.';
const FULL = "the model's context window is full";

/** The ending or the repair after a reply that ended without whole tool calls. */
export function repairOf(message: BetaMessage, settings: CallSettings): Ending | Repair {
  const text = textOf(message);
  switch (message.stop_reason) {
    case 'max_tokens': {
      const results = refusedCalls(message, CUT);
      return { results, words: results.length > 0 ? null : CUT, settings, odd: true };
    }
    case 'pause_turn':
      return { results: [], words: null, settings, odd: false };
    case 'refusal': {
      const why = plain(text) || plain(message.stop_details?.explanation ?? '') || 'it gave no reason';
      const reason = `the model refused: ${why.slice(0, 200)}`;
      const next = onFallback(settings);
      if (!next) return { kind: 'failed', reason };
      const notice = `${reason}; ${next.model} is asked once more`;
      return { results: [], words: null, settings: next, odd: false, notice };
    }
    case 'model_context_window_exceeded':
      return closing(settings, refusedCalls(message, CLOSE));
    default:
      return { kind: 'silent', text };
  }
}

/**
 * The first time the context is full, makes room and asks the researcher to close the sprint. The second
 * time, ends the conversation.
 */
export function closing(settings: CallSettings, results: BetaToolResultBlockParam[] = []): Ending | Repair {
  if (settings.closing) return { kind: 'limit', code: 'context', reason: FULL };
  return {
    ...{ results, words: CLOSE, odd: true },
    settings: { ...settings, closing: true },
    notice: `${FULL}: the researcher is asked to finish the sprint`,
  };
}

/** Asks again for a reply that could not be parsed: it cannot be sent back either. */
export const garbled = (settings: CallSettings): Repair => ({
  results: [],
  words: GARBLED,
  settings,
  odd: true,
});

/** Error results for the calls of a reply that was cut: none of them was run. */
function refusedCalls({ content }: BetaMessage, why: string): BetaToolResultBlockParam[] {
  return content.flatMap((block) =>
    block.type === 'tool_use'
      ? [{ type: 'tool_result' as const, tool_use_id: block.id, is_error: true, content: why }]
      : [],
  );
}
