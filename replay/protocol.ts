import { z } from 'zod';

/**
 * The part of the Messages API (`POST /v1/messages`) that scripts read and write. The rules (rules/) check
 * the other fields of a request and refuse what the API refuses.
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
  /** Sent instead of `input` when streaming, to simulate a call that was cut or is not JSON. */
  partialJson?: string;
}

/**
 * Any other block. The server signs a `thinking` block without a signature. It gives a `server_tool_use`
 * block an id, and adds the result that the script leaves out, unless the turn ends before the tool is run.
 */
export interface OtherBlock {
  type: string;
  [field: string]: unknown;
}
export type AnswerBlock = TextBlock | ToolUseBlock | OtherBlock;

/** A fault in a stream, after `afterEvents` of its events have been sent. */
export interface Trouble {
  afterEvents: number;
  /**
   * `disconnect`: the connection is reset, so the client can lose the last events. `close`: it is closed in
   * the middle of the body, after the client has all events. `pings`: the API sends only pings from here on,
   * as it does while the model thinks.
   */
  kind: 'disconnect' | 'close' | 'silence' | 'error' | 'pings';
  /** For `error`: the type of the SSE error event, `overloaded_error` unless told otherwise. */
  type?: string;
}

export interface Reply {
  content: readonly AnswerBlock[];
  /** Unset: `tool_use` where a tool is called, else `end_turn`. */
  stopReason?: string;
  /** Numbers that replace those that the server computes (rules/usage.ts). */
  usage?: Record<string, unknown>;
  /** Output tokens of each thinking block; the API shows only a small part of the thinking. */
  thinkingTokens?: number;
  /** What the server cleared from the context; the API sends it with `message_delta`. */
  contextManagement?: unknown;
  /** The model that the reply names. Unset: the model of the request. */
  model?: string;
  /** Milliseconds before the first byte. */
  delay?: number;
  trouble?: Trouble;
}

/**
 * An HTTP error; `body` replaces the API's JSON, to simulate a gateway that answers with a page of its own.
 */
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
