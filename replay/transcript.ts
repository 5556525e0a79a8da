import type { MessageParam, MessagesRequest } from './protocol.ts';

/** A tool call of the conversation and what came back. */
export interface Exchange {
  name: string;
  input: unknown;
  /** The result's text; null while there is none (a call that was cut off). */
  result: ToolResult | null;
}

export interface ToolResult {
  text: string;
  isError: boolean;
}

/** What a request carries, sorted: what the researcher was told at the start, and every tool call since. */
export interface Transcript {
  /** System prompt and the user's messages before the first answer. */
  prompt: string;
  exchanges: Exchange[];
}

/** Calls keep the order in which they were made; results are found by the call's id, wherever they stand. */
export function readTranscript({
  messages,
  system,
}: Pick<MessagesRequest, 'messages' | 'system'>): Transcript {
  const results = new Map<unknown, ToolResult>();
  const exchanges: (Exchange & { id: unknown })[] = [];
  const told = [textOf(system)];
  let answered = false;
  for (const message of messages) {
    if (message.role === 'assistant') answered = true;
    else if (!answered) told.push(textOf(message.content));
    for (const block of blocksOf(message)) {
      if (block.type === 'tool_use') {
        exchanges.push({ id: block.id, name: String(block.name), input: block.input, result: null });
      } else if (block.type === 'tool_result') {
        results.set(block.tool_use_id, { text: textOf(block.content), isError: block.is_error === true });
      }
    }
  }
  return {
    prompt: told.filter((part) => part !== '').join('\n\n'),
    exchanges: exchanges.map(({ id, ...exchange }) => ({ ...exchange, result: results.get(id) ?? null })),
  };
}

type Block = Exclude<MessageParam['content'], string>[number];

const blocksOf = (message: MessageParam): Block[] =>
  typeof message.content === 'string' ? [] : message.content;

/** The text of a system prompt, a message or a tool result: a string, or the text blocks of an array. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((block: Block) => (block.type === 'text' && typeof block.text === 'string' ? block.text : ''))
    .filter((text) => text !== '')
    .join('\n');
}
