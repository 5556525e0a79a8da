import type { MessagesRequest } from '../protocol.ts';

/** Tokens that the API adds to the prompt of a request with tools. */
export const TOOLS_OVERHEAD = 500;

const BYTES_A_TOKEN = 4;
/** Files and search results are base64, of which ten bytes count as much as one byte of text. */
const BASE64_BYTES_A_TOKEN = 40;
const BASE64 = new Set(['data', 'encrypted_content']);
const LEAST_BASE64_BYTES = 1000;

/** An estimate of four bytes a token: consistent within this server, but not Claude's counts. */
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

/** The input tokens of a whole request, not split by cache use. */
export function inputTokens({
  tools,
  system,
  messages,
}: Pick<MessagesRequest, 'tools' | 'system' | 'messages'>): number {
  const overhead = tools?.length ? TOOLS_OVERHEAD : 0;
  return overhead + tokensOf(tools) + tokensOf(system) + tokensOf(messages);
}
