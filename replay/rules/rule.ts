import type { MessageParam, MessagesRequest } from '../protocol.ts';

/** A request with the values of its `anthropic-beta` header. */
export interface Call {
  request: MessagesRequest;
  betas: ReadonlySet<string>;
}

/** The first thing in a request that breaks a rule: where, as a path into the request, and how. */
export interface Violation {
  /** Empty where the API's own message names no field. */
  path: string;
  message: string;
}

/** A rule of the Messages API: null where the request keeps it. */
export type Rule = (call: Call) => Violation | null;

export const EXTRA = 'Extra inputs are not permitted';

export function textOf({ path, message }: Violation): string {
  return path === '' ? message : `${path}: ${message}`;
}

export type Block = Exclude<MessageParam['content'], string>[number];

/** The content of a message as blocks: a string is one text block. */
export function blocksOf(content: MessageParam['content']): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path. */
export function valueAt(holder: unknown, path: string): unknown {
  let value = holder;
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
  return value;
}

/** Every content block of the messages with its path, those inside of tool results included. */
export function* everyBlock({ messages }: MessagesRequest): Generator<{ path: string; block: Block }> {
  for (const [i, { content }] of messages.entries()) {
    if (typeof content === 'string') continue;
    for (const [j, block] of content.entries()) {
      const path = `messages.${i}.content.${j}`;
      yield { path, block };
      if (block.type !== 'tool_result' || !Array.isArray(block.content)) continue;
      for (const [k, inner] of (block.content as Block[]).entries()) {
        yield { path: `${path}.content.${k}`, block: inner };
      }
    }
  }
}

/** The result blocks of server tools: `web_search_tool_result` and its like. */
export function isServerResult({ type }: { type: string }): boolean {
  return type.endsWith('_tool_result') && type !== 'mcp_tool_result';
}
