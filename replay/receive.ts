import type { IncomingMessage } from 'node:http';
import { invalid } from './deliver.ts';
import { MessagesRequest, type Refusal } from './protocol.ts';
import { betasOf } from './rules/betas.ts';
import { type Call, textOf } from './rules/rule.ts';
import { countShape } from './rules/shape.ts';

/** The largest request body that the API accepts. */
const MAX_BODY_BYTES = 32 * 2 ** 20;

export type Target = { kind: 'message' } | { kind: 'count' } | { kind: 'unknown'; refusal: Refusal };

export function targetOf({ method, url }: IncomingMessage): Target {
  const path = new URL(url ?? '/', 'http://localhost').pathname;
  if (method === 'POST' && path === '/v1/messages') return { kind: 'message' };
  if (method === 'POST' && path === '/v1/messages/count_tokens') return { kind: 'count' };
  return {
    kind: 'unknown',
    refusal: {
      status: 404,
      type: 'not_found_error',
      message: `${method} ${path} is not served; this is POST /v1/messages`,
    },
  };
}

/**
 * Reads and parses a request. Returns a refusal where the body is too large or invalid, or the version is
 * missing.
 */
export async function receive(request: IncomingMessage, counting: boolean): Promise<Call | Refusal> {
  const body = await readBody(request);
  if (body === null) {
    return { status: 413, type: 'request_too_large', message: 'Request exceeds the maximum size' };
  }
  if (request.headers['anthropic-version'] === undefined)
    return invalid('anthropic-version: header is required');
  const parsed = parse(body, counting);
  if (typeof parsed === 'string') return invalid(parsed);
  return { request: parsed, betas: betasOf(request.headers['anthropic-beta']) };
}

/**
 * The body as text; null where it is larger than MAX_BODY_BYTES. A larger body is still read to its end, so
 * that the client receives the refusal.
 */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes <= MAX_BODY_BYTES) parts.push(part as Buffer);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(parts).toString('utf8');
}

/** The request, or what is wrong with it in one line. */
function parse(body: string, counting: boolean): MessagesRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'the request body is not JSON';
  }
  if (typeof value !== 'object' || value === null) return 'the request body is not an object';
  const extra = counting ? countShape(value) : null;
  if (extra) return textOf(extra);
  const parsed = MessagesRequest.safeParse({ ...(counting ? { max_tokens: 1 } : {}), ...value });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (!issue) return parsed.error.message;
  const { path, message, code, input } = issue;
  const missing = code === 'invalid_type' && input === undefined && / received undefined$/.test(message);
  return `${path.join('.')}: ${missing ? 'Field required' : message}`;
}
