import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type {
  AnthropicBeta,
  BetaCacheControlEphemeral,
  BetaContextManagementConfig,
  BetaMessageParam,
  BetaToolUnion,
} from '@anthropic-ai/sdk/resources/beta';
import type { CallSettings } from './call-settings.ts';
import { BETAS } from './connect/features.ts';
import { blocksOf } from './history.ts';
import type { Opening } from './opening.ts';

/** Input tokens from which the server clears old tool results, and from which it summarises what is left. */
const CLEAR_AT = 100_000;
export const COMPACT_AT = 150_000;

/**
 * A cache mark finds entries stored at most 20 blocks before it. Up to this many new blocks, it surely finds
 * one.
 */
const FOUND_BY_MARK = 16;

interface Asked {
  opening: Opening;
  messages: readonly BetaMessageParam[];
  tools: readonly BetaRunnableTool[];
  maxTokens: number;
  effort: string;
}

/**
 * The parameters of a call for the SDK's tool runner. The prefix (tools, system, history) is append-only,
 * byte for byte apart from cache marks: thinking is bound to it, and each turn reads all of the last one from
 * the cache. What may change from call to call stands outside of the prefix.
 */
export function request(asked: Asked, settings: CallSettings) {
  const { features } = settings;
  const cache: BetaCacheControlEphemeral = features.has('hour')
    ? { type: 'ephemeral', ttl: settings.cacheTtl }
    : { type: 'ephemeral' };
  const edits = contextEdits(settings);
  // A history with a summary is sent with the beta that the summary came from.
  const summarised = asked.messages.some((one) => blocksOf(one).some(({ type }) => type === 'compaction'));
  const betas = (Object.keys(BETAS) as (keyof typeof BETAS)[])
    .filter((feature) => features.has(feature) || (feature === 'compaction' && summarised))
    .filter((feature) => feature !== 'binding' || features.has('thinking'))
    .map((feature): AnthropicBeta => BETAS[feature]);
  return {
    model: settings.model,
    max_tokens: asked.maxTokens,
    system: [
      {
        type: 'text' as const,
        text: asked.opening.system,
        ...(features.has('marks') ? { cache_control: cache } : {}),
      },
    ],
    // Marks the last block of every request.
    ...(features.has('autoCache') ? { cache_control: cache } : {}),
    ...(features.has('thinking') ? { thinking: thinking(settings) } : {}),
    ...(features.has('effort') ? { output_config: { effort: asked.effort as 'high' } } : {}),
    messages: features.has('marks')
      ? marked(asked.messages, cache, !features.has('autoCache'))
      : [...asked.messages],
    tools: runnable(asked.opening.tools, asked.tools),
    stream: true as const,
    // Full history on every call: gateways know no threads, and a call can be repeated.
    thread: false as const,
    ...(edits.length === 0 ? {} : { context_management: { edits } }),
    ...(betas.length === 0 ? {} : { betas }),
  };
}

/**
 * Adaptive thinking, as these models expect. It is summarised where that is supported, because the summary
 * shows the progress between calls.
 */
function thinking({ features }: CallSettings) {
  return {
    type: 'adaptive' as const,
    ...(features.has('display') ? { display: 'summarized' as const } : {}),
    // A safety net: none of our requests should ever make the API drop a block.
    ...(features.has('binding')
      ? { block_binding: { prefix_mismatch_behavior: 'drop_block' as const } }
      : {}),
  };
}

/**
 * The tool definitions as first sent, with the functions that run them. A call of a tool that no longer
 * exists is refused.
 */
function runnable(definitions: readonly object[], tools: readonly BetaRunnableTool[]) {
  return definitions.map((definition) => {
    const name = 'name' in definition ? definition.name : null;
    const tool = tools.find((one) => 'name' in one && one.name === name);
    return (tool ? { ...definition, run: tool.run, parse: tool.parse } : definition) as BetaToolUnion &
      BetaRunnableTool;
  });
}

/**
 * Adds the cache marks. The mark at the end of a request finds the entry of the last request only within 20
 * blocks, so after a longer turn the end of the last request is marked as well. `last`: the end is marked
 * here, where the API does not do it by itself.
 */
function marked(
  messages: readonly BetaMessageParam[],
  cache: BetaCacheControlEphemeral,
  last: boolean,
): BetaMessageParam[] {
  const lastReply = messages.findLastIndex(({ role }) => role === 'assistant');
  const fresh = messages
    .slice(Math.max(0, lastReply))
    .reduce((sum, message) => sum + blocksOf(message).length, 0);
  const ends = [
    ...(lastReply > 0 && fresh > FOUND_BY_MARK ? [lastReply - 1] : []),
    ...(last ? [messages.length - 1] : []),
  ];
  return messages.map((message, at) => (ends.includes(at) ? withMark(message, cache) : message));
}

/**
 * Marks the last block of a message. Thinking takes no mark, so a message that ends in thinking gets none.
 */
function withMark(message: BetaMessageParam, cache: BetaCacheControlEphemeral): BetaMessageParam {
  const blocks = blocksOf(message);
  const end = blocks.at(-1);
  if (!end || end.type === 'thinking' || end.type === 'redacted_thinking') return message;
  return {
    ...message,
    content: [...blocks.slice(0, -1), { ...end, cache_control: cache }],
  } as BetaMessageParam;
}

/**
 * Context editing by the server. Tool results are most of a long context, so they are cleared first: our own
 * history stays whole, brief and conclusions stay word for word, and what is cleared can be read again.
 * Clearing invalidates the cache from there on, so a large part is cleared at a time. Only what clearing
 * cannot shorten is summarised, at the price of one more reading (see reserve.ts). Both keep thinking valid.
 */
function contextEdits({
  features,
  closing,
}: CallSettings): NonNullable<BetaContextManagementConfig['edits']> {
  if (!features.has('clearing')) return [];
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
  return features.has('compaction') ? [clear, compact] : [clear];
}
