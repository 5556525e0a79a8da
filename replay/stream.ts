import { randomUUID } from 'node:crypto';
import type { AnswerBlock, MessagesRequest, Reply, ToolUseBlock } from './protocol.ts';

/** A server-sent event of the Messages API: its name and its JSON data, whose `type` is the name. */
export interface StreamEvent {
  type: string;
  [field: string]: unknown;
}

/** A whole message as the API returns it without streaming. */
export interface Message {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: AnswerBlock[];
  stop_reason: string;
  stop_sequence: null;
  usage: Record<string, unknown>;
  context_management?: unknown;
}

/** Tokens by the rule of thumb of four characters each: good for bookkeeping, not for billing. */
export function roughTokens(value: unknown): number {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
  return Math.ceil(text.length / 4);
}

export function inputTokens(request: Pick<MessagesRequest, 'messages' | 'system' | 'tools'>): number {
  return roughTokens(request.messages) + roughTokens(request.system) + roughTokens(request.tools);
}

const id = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

const isToolUse = (block: AnswerBlock): block is ToolUseBlock => block.type === 'tool_use';

/** The reply as one message: ids given, usage counted, stop reason filled in. */
export function messageOf(reply: Reply, request: MessagesRequest): Message {
  const content = reply.content.map((block) =>
    isToolUse(block) ? { ...block, id: block.id ?? id('toolu') } : block,
  );
  return {
    id: id('msg'),
    type: 'message',
    role: 'assistant',
    model: reply.model ?? request.model,
    content,
    stop_reason: reply.stopReason ?? (content.some(isToolUse) ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens(request),
      output_tokens: roughTokens(reply.content),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      ...reply.usage,
    },
    ...(reply.contextManagement === undefined ? {} : { context_management: reply.contextManagement }),
  };
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
 * What the API knows as it begins: its first reading of the input. What the server's tools and summaries cost is told at the end, as
 * totals that are not split by how long the cache keeps them.
 */
function firstReading({ server_tool_use, iterations, ...totals }: Record<string, unknown>) {
  if (!Array.isArray(iterations)) return totals;
  const { type, ...first } = iterations.find((iteration) => iteration.type === 'message') ?? {};
  return { ...totals, ...first };
}

function partsOf(block: AnswerBlock): { start: object; deltas: object[] } {
  if (block.type === 'text') {
    const text = String((block as { text: unknown }).text);
    return {
      start: { type: 'text', text: '' },
      deltas: pieces(text, 400).map((piece) => ({ type: 'text_delta', text: piece })),
    };
  }
  if (isToolUse(block)) {
    const { partialJson, input, ...named } = block;
    return {
      start: { ...named, input: {} },
      deltas: pieces(partialJson ?? JSON.stringify(input), 400).map((piece) => ({
        type: 'input_json_delta',
        partial_json: piece,
      })),
    };
  }
  return { start: block, deltas: [] };
}

/** Cuts between code points, so that no surrogate pair is torn over two events. */
function pieces(text: string, size: number): string[] {
  const points = [...text];
  const count = Math.ceil(points.length / size);
  return Array.from({ length: count }, (_, i) => points.slice(i * size, (i + 1) * size).join(''));
}
