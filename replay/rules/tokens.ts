import type { MessagesRequest } from '../protocol.ts';

/** What the API adds to the prompt of a request with tools. */
export const TOOLS_OVERHEAD = 500;

const BYTES_A_TOKEN = 4;
/** Files and what searches found come as base64, ten bytes of which say as little as one of text. */
const BASE64_BYTES_A_TOKEN = 40;
const BASE64 = new Set(['data', 'encrypted_content']);
const LEAST_BASE64_BYTES = 1000;

/** Tokens by the rule of thumb of four bytes each: these books are consistent, not Claude's. */
export function tokensOf(value: unknown): number {
  if (value === undefined) return 0;
  let base64 = 0;
  const text = JSON.stringify(value, (field, inner) => {
    if (!BASE64.has(field) || typeof inner !== 'string' || inner.length < LEAST_BASE64_BYTES) return inner;
    base64 += inner.length;
    return '';
  });
  return Math.ceil(Buffer.byteLength(text) / BYTES_A_TOKEN + base64 / BASE64_BYTES_A_TOKEN);
}

/** Of a whole request, not split by tiers. */
export function inputTokens({
  tools,
  system,
  messages,
}: Pick<MessagesRequest, 'tools' | 'system' | 'messages'>): number {
  const overhead = tools?.length ? TOOLS_OVERHEAD : 0;
  return overhead + tokensOf(tools) + tokensOf(system) + tokensOf(messages);
}
