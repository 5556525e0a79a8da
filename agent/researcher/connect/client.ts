import type Anthropic from '@anthropic-ai/sdk';

/**
 * The ways to the Messages API: Anthropic's own (or a gateway that speaks it), Amazon Bedrock, Google Cloud.
 */
export type Via = 'api' | 'bedrock' | 'google';

export type Fetch = typeof globalThis.fetch;

/** The part of the SDK's clients that a conversation uses. The clients of all ways have it in common. */
export interface MessagesClient {
  beta: { messages: Pick<Anthropic['beta']['messages'], 'toolRunner'> };
}

/**
 * Options of every client: the caller reserves and accounts for retries, and the SDK writes nothing to the
 * screen.
 */
export const QUIET = { maxRetries: 0, logLevel: 'off' } as const;
