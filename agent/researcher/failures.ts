import { APIConnectionError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import { z } from 'zod';
import { messageOf } from '../words.ts';

/** What a failed call means for the loop. */
export type Failure =
  /** Bad key, no credit, no permission: waiting cannot help. */
  | { kind: 'fatal'; reason: string }
  /** Overload, limits, network: the same call again, after a while. */
  | { kind: 'passing'; reason: string; retryAfterSeconds: number | null }
  /** The history is longer than the model can read. */
  | { kind: 'full'; reason: string }
  /** The reply made no sense: a tool call whose input is not JSON, which the SDK does not let through. */
  | { kind: 'garbled'; reason: string }
  /** The request itself is refused: this conversation is over. */
  | { kind: 'broken'; reason: string };

const FATAL: Record<number, string> = {
  401: 'the API key is not accepted (401); look at ANTHROPIC_API_KEY',
  402: 'the account has no credit (402); add some, and start again',
  403: 'the API key may not use this model or endpoint (403); take another key, or --model',
};
const BROKEN = new Set([400, 404, 405, 413, 422]);
const BROKEN_TYPES = new Set(['invalid_request_error', 'not_found_error', 'request_too_large']);
const FATAL_TYPES: Record<string, number> = {
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
};

/** Sorts an error of the SDK. What it does not know is taken to pass: giving up a night needs a reason. */
export function classify(error: unknown): Failure {
  const reason = firstLine(error);
  if (error instanceof APIError && !(error instanceof APIConnectionError)) {
    const status = error.status ?? FATAL_TYPES[error.type ?? ''];
    // A spent balance is answered with 400 and this sentence.
    if (status === 400 && /credit balance is too low/i.test(error.message))
      return { kind: 'fatal', reason: FATAL[402] };
    // So is a limit of spending that the account was given; its sentence says until when.
    if (status === 400 && /reached your specified (workspace )?API usage limits/i.test(error.message))
      return { kind: 'fatal', reason };
    if (status !== undefined && FATAL[status]) return { kind: 'fatal', reason: FATAL[status] };
    if (status === 400 && /prompt is too long/i.test(error.message)) return { kind: 'full', reason };
    if (BROKEN.has(status ?? 0) || BROKEN_TYPES.has(error.type ?? '')) return { kind: 'broken', reason };
    return { kind: 'passing', reason, retryAfterSeconds: retryAfter(error.headers) };
  }
  if (reason.startsWith('Unable to parse tool parameter JSON')) return { kind: 'garbled', reason };
  if (error instanceof APIUserAbortError)
    return { kind: 'passing', reason: 'the stream fell silent', retryAfterSeconds: null };
  return { kind: 'passing', reason, retryAfterSeconds: null };
}

/** Codes of connections that never came about. */
const NEVER_SENT = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Whether a call that failed before a word was heard costs nothing for certain: it was answered with an error, or never reached a
 * server. A connection that was lost on the way may have been billed.
 */
export function isFree(error: unknown): boolean {
  if (error instanceof APIUserAbortError) return false;
  if (error instanceof APIError && !(error instanceof APIConnectionError)) return true;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && NEVER_SENT.has(String(cause.code))) return true;
  }
  return false;
}

/** Seconds to wait before attempt n (from 1) of the same call: 1 s doubling to 15 minutes, or what the server asks for. */
export function backoffSeconds(attempt: number, retryAfterSeconds: number | null): number {
  const own = Math.min(15 * 60, 2 ** (attempt - 1));
  return Math.min(60 * 60, Math.max(own, retryAfterSeconds ?? 0));
}

function retryAfter(headers: Headers | undefined): number | null {
  const value = headers?.get('retry-after');
  if (!value) return null;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(wait) && wait > 0 ? wait : null;
}

function firstLine(error: unknown): string {
  const text = apiWords(error) ?? messageOf(error);
  // "Connection error." ← "fetch failed" ← what happened.
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return `${text}${cause instanceof Error ? ` (${cause.message})` : ''}`.split('\n')[0].slice(0, 300);
}

/** What the API said, without the JSON that it came in: "404 not_found_error: model: x". Null where it said nothing in its own form. */
function apiWords(error: unknown): string | null {
  if (!(error instanceof APIError)) return null;
  const said = ApiError.safeParse(error.error).data?.error.message;
  return said ? [error.status, `${error.type}:`, said].filter(Boolean).join(' ') : null;
}

const ApiError = z.object({ error: z.object({ message: z.string().min(1) }) });
