import { answerIn } from '#contract/answer';
import type { MessageParam, MessagesRequest } from './protocol.ts';

/** A tool call of the conversation and what came back. */
export interface Exchange {
  name: string;
  input: unknown;
  /** The result; null where there is none (a call that was cut off). */
  result: ToolResult | null;
}

export interface ToolResult {
  text: string;
  /** The answer's fields for programs (contract/answer.ts); null where it has text alone. */
  fields: unknown;
  isError: boolean;
}

/**
 * Every tool call of a conversation, in the order in which they were made; results are found by the call's
 * id, wherever they stand.
 */
export function exchangesOf({ messages }: Pick<MessagesRequest, 'messages'>): Exchange[] {
  const results = new Map<unknown, ToolResult>();
  const exchanges: (Exchange & { id: unknown })[] = [];
  for (const message of messages) {
    for (const block of blocksOf(message)) {
      if (block.type === 'tool_use') {
        exchanges.push({ id: block.id, name: String(block.name), input: block.input, result: null });
      } else if (block.type === 'tool_result') {
        results.set(block.tool_use_id, { ...resultIn(block.content), isError: block.is_error === true });
      }
    }
  }
  return exchanges.map(({ id, ...exchange }) => ({ ...exchange, result: results.get(id) ?? null }));
}

function resultIn(content: unknown): Pick<ToolResult, 'text' | 'fields'> {
  const { words: text, fields } = answerIn(content);
  return { text, fields };
}

type Block = Exclude<MessageParam['content'], string>[number];

const blocksOf = (message: MessageParam): Block[] =>
  typeof message.content === 'string' ? [] : message.content;
