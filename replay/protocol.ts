import { z } from 'zod';

/**
 * The part of the Messages API (`POST /v1/messages`) that scripts read and write. What a request may hold
 * beside it is told by the rules (rules/), which refuse what the API refuses.
 */
const ContentBlock = z.looseObject({ type: z.string() });

export const MessageParam = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(ContentBlock)]),
});
export type MessageParam = z.infer<typeof MessageParam>;

export const MessagesRequest = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.number().int().positive(),
  messages: z.array(MessageParam).min(1),
  system: z.union([z.string(), z.array(ContentBlock)]).optional(),
  tools: z.array(z.looseObject({ name: z.string().optional(), type: z.string().optional() })).optional(),
  stream: z.boolean().default(false),
});
export type MessagesRequest = z.infer<typeof MessagesRequest>;

export interface TextBlock {
  type: 'text';
  text: string;
}

/** A tool call; the server gives it an id where it has none. */
export interface ToolUseBlock {
  type: 'tool_use';
  id?: string;
  name: string;
  input: unknown;
  /** Sent in the place of `input` when streaming, to act out a call that was cut or is not JSON. */
  partialJson?: string;
}

/**
 * Any other block. A `thinking` without a signature is signed; a `server_tool_use` gets an id, and its result
 * where the script leaves it out and the turn does not end before.
 */
export interface OtherBlock {
  type: string;
  [field: string]: unknown;
}
export type AnswerBlock = TextBlock | ToolUseBlock | OtherBlock;

/** What goes wrong in a stream after so many of its events have been sent. */
export interface Trouble {
  afterEvents: number;
  /** `pings`: the API sends nothing else any more, as it does while the model thinks. */
  kind: 'disconnect' | 'silence' | 'error' | 'pings';
  /** For `error`: the type of the SSE error event, `overloaded_error` unless told otherwise. */
  type?: string;
}

export interface Reply {
  content: readonly AnswerBlock[];
  /** Unset: `tool_use` where a tool is called, else `end_turn`. */
  stopReason?: string;
  /** Over what the server's own books say (rules/usage.ts). */
  usage?: Record<string, unknown>;
  /** Output tokens of each thinking block, most of which nobody sees. */
  thinkingTokens?: number;
  /** What the server cleared out of the context, as the API tells it with the last event. */
  contextManagement?: unknown;
  /** Unset: the model that was asked for. */
  model?: string;
  /** Milliseconds before the first byte. */
  delay?: number;
  trouble?: Trouble;
}

/** An HTTP error; `body` replaces the API's JSON, to act out a gateway that answers in its own words. */
export interface Refusal {
  status: number;
  type: string;
  message: string;
  /** The API's `error.details.error_code`. */
  errorCode?: string;
  headers?: Record<string, string>;
  body?: string;
  delay?: number;
}

export type Answer = Reply | Refusal;

export function isRefusal(answer: Answer): answer is Refusal {
  return 'status' in answer;
}
