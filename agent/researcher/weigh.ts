import { PDF_TOKENS, SEARCH_TOKENS } from './web.ts';

/**
 * An upper bound of the input tokens of `content`: a token holds at least one byte of text. What is not text
 * is counted apart: pictures and PDFs travel as base64, search results encrypted, and signatures are no input
 * at all. `read`: leaves out results of server-side tools, because the last reported reading included them
 * already.
 */
export function mostTokens(content: unknown, read = false): number {
  let apart = 0;
  const text = JSON.stringify(content, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const block = value as Record<string, unknown>;
    const type = typeof block.type === 'string' ? block.type : '';
    if (read && /_tool_result$/.test(type)) return null;
    if (type === 'base64' && typeof block.data === 'string') {
      apart += Math.min(rawBytes(block.data), PDF_TOKENS);
      return { ...block, data: '' };
    }
    if (type === 'thinking' || type === 'redacted_thinking') return { ...block, signature: '', data: '' };
    if (typeof block.encrypted_content === 'string') {
      apart += Math.min(rawBytes(block.encrypted_content), SEARCH_TOKENS);
      return { ...block, encrypted_content: '' };
    }
    return typeof block.encrypted_index === 'string' ? { ...block, encrypted_index: '' } : block;
  });
  return Buffer.byteLength(text ?? '') + apart;
}

/** The tokens that `content` is likely to have as input: about four bytes each in English and code. */
export const likelyTokens = (content: unknown): number => Math.ceil(mostTokens(content) / 3.5);

const rawBytes = (base64: string) => Math.ceil((base64.length * 3) / 4);
