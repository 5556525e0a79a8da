import type { Message } from './message.ts';
import type { AnswerBlock, OtherBlock } from './protocol.ts';
import { isToolUse } from './reply.ts';

/** A server-sent event of the Messages API: its name and its JSON data, whose `type` is the name. */
export interface StreamEvent {
  type: string;
  [field: string]: unknown;
}

/** The events of a streamed message, in the order of the API. */
export function* eventsOf(message: Message): Generator<StreamEvent> {
  const { content, stop_reason, usage, context_management, ...rest } = message;
  yield {
    type: 'message_start',
    message: { ...rest, content: [], stop_reason: null, usage: { ...firstReading(usage), output_tokens: 1 } },
  };
  yield { type: 'ping' };
  for (const [index, block] of content.entries()) {
    const { start, deltas } = partsOf(block);
    yield { type: 'content_block_start', index, content_block: start };
    for (const delta of deltas) yield { type: 'content_block_delta', index, delta };
    yield { type: 'content_block_stop', index };
  }
  yield {
    type: 'message_delta',
    delta: { stop_reason, stop_sequence: null },
    usage: { ...usage, cache_creation: undefined },
    ...(context_management === undefined ? {} : { context_management }),
  };
  yield { type: 'message_stop' };
}

/**
 * The usage in `message_start`: the first reading of the input alone. The totals, which include server tools
 * and summaries, come in `message_delta`, without the split by cache lifetime.
 */
function firstReading({
  server_tool_use,
  iterations,
  output_tokens_details,
  ...totals
}: Record<string, unknown>) {
  if (!Array.isArray(iterations)) return totals;
  const { type, ...first } = iterations.find((iteration) => iteration.type === 'message') ?? {};
  return { ...totals, ...first };
}

interface Parts {
  start: object;
  deltas: object[];
}

/**
 * A block as it is streamed: an empty block first, then the deltas that fill it. Server tool results are sent
 * whole.
 */
function partsOf(block: AnswerBlock): Parts {
  if (isToolUse(block) || block.type === 'server_tool_use') return toolParts(block as OtherBlock);
  if (block.type === 'text') return textParts(block as OtherBlock);
  if (block.type === 'thinking') return thinkingParts(block as OtherBlock);
  if (block.type === 'compaction') {
    const { type, ...rest } = block as OtherBlock;
    return { start: { ...block, content: null }, deltas: [{ type: 'compaction_delta', ...rest }] };
  }
  return { start: block, deltas: [] };
}

function textParts({ text, citations, ...rest }: OtherBlock): Parts {
  const cited = Array.isArray(citations) ? citations : [];
  return {
    start: { ...rest, text: '', ...(cited.length > 0 ? { citations: [] } : {}) },
    deltas: [
      ...pieces(String(text)).map((piece) => ({ type: 'text_delta', text: piece })),
      ...cited.map((citation) => ({ type: 'citations_delta', citation })),
    ],
  };
}

function thinkingParts({ thinking, signature, ...rest }: OtherBlock): Parts {
  return {
    start: { ...rest, thinking: '', signature: '' },
    deltas: [
      ...pieces(String(thinking)).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      ...(signature ? [{ type: 'signature_delta', signature }] : []),
    ],
  };
}

function toolParts({ partialJson, input, ...named }: OtherBlock): Parts {
  const text = typeof partialJson === 'string' ? partialJson : JSON.stringify(input);
  return {
    start: { ...named, input: {} },
    deltas: pieces(text).map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
  };
}

const PIECE = 400;

/** Splits a text between code points, so that no surrogate pair is split over two events. */
function pieces(text: string): string[] {
  const points = [...text];
  const count = Math.ceil(points.length / PIECE);
  return Array.from({ length: count }, (_, i) => points.slice(i * PIECE, (i + 1) * PIECE).join(''));
}
