import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type {
  BetaCacheControlEphemeral,
  BetaContextManagementConfig,
  BetaMessageParam,
} from '@anthropic-ai/sdk/resources/beta';
import type { Manner } from './manner.ts';
import { WEB_TOOLS } from './web.ts';

/** Input tokens from which the server clears old tool results, and from which it summarises what is left. */
const CLEAR_AT = 100_000;
export const COMPACT_AT = 150_000;

interface Asked {
  system: string;
  messages: readonly BetaMessageParam[];
  tools: readonly BetaRunnableTool[];
  maxTokens: number;
  effort: string;
}

/**
 * A call as the tool runner takes it. Nothing in its prefix (tools, system, history) changes from turn to turn, so that each turn reads
 * all of the last one from the cache.
 */
export function request(asked: Asked, manner: Manner) {
  const cache: BetaCacheControlEphemeral = { type: 'ephemeral', ttl: manner.cacheTtl };
  const edits = contextEdits(manner);
  return {
    model: manner.model,
    max_tokens: asked.maxTokens,
    system: [{ type: 'text' as const, text: asked.system, cache_control: cache }],
    // Marks the last block of every request.
    cache_control: cache,
    thinking: { type: 'adaptive' as const },
    output_config: { effort: asked.effort as 'high' },
    messages: [...asked.messages],
    tools: [...asked.tools, ...(manner.web ? WEB_TOOLS : [])],
    stream: true as const,
    // Full history on every call: gateways know no threads, and a call can be repeated.
    thread: false as const,
    ...(edits.length === 0
      ? {}
      : {
          context_management: { edits },
          betas: ['context-management-2025-06-27', ...(manner.compacts ? ['compact-2026-01-12'] : [])],
        }),
  };
}

/**
 * A sprint of many turns outgrows its context by tool results, so these are cleared first: our history stays whole, brief and conclusions
 * stay word for word, and what is cleared can be read again. Clearing loses the cache from there on, hence a good part at a time.
 * Only what clearing cannot shorten is summarised, at the price of one more reading (see reserve.ts).
 */
function contextEdits({
  clears,
  compacts,
  closing,
}: Manner): NonNullable<BetaContextManagementConfig['edits']> {
  if (!clears) return [];
  if (closing) {
    return [
      {
        type: 'clear_tool_uses_20250919',
        trigger: { type: 'tool_uses', value: 2 },
        keep: { type: 'tool_uses', value: 1 },
        clear_tool_inputs: true,
      },
    ];
  }
  const clear = {
    type: 'clear_tool_uses_20250919' as const,
    trigger: { type: 'input_tokens' as const, value: CLEAR_AT },
    keep: { type: 'tool_uses' as const, value: 8 },
    clear_at_least: { type: 'input_tokens' as const, value: 30_000 },
  };
  const compact = {
    type: 'compact_20260112' as const,
    trigger: { type: 'input_tokens' as const, value: COMPACT_AT },
  };
  return compacts ? [clear, compact] : [clear];
}
