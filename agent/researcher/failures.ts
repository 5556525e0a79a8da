import { APIConnectionError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import type { StopCode } from '#contract/stop';
import { messageOf, plain } from '../common/words.ts';

/** What a failed call means for the loop. */
export type Failure =
  /** Bad key, no credit, no permission, a spending limit: waiting cannot help. */
  | { kind: 'fatal'; code: Extract<StopCode, 'credentials' | 'credit'>; reason: string }
  /** Overload, rate limits, network: the same call is retried after a while. */
  | { kind: 'passing'; reason: string; retryAfterSeconds: number | null }
  /** The history is longer than the model can read. */
  | { kind: 'full'; reason: string }
  /** The reply has a tool call whose input is not JSON, which the SDK rejects. */
  | { kind: 'garbled'; reason: string }
  /** The request itself is refused: this conversation is over. */
  | { kind: 'broken'; reason: string };

/** What the text of an error depends on. */
export interface Reachable {
  via: 'api' | 'bedrock' | 'google';
  /** Which key was sent, and how. */
  authHint: string;
}

/** Error codes of spending limits that no wait within a night outlasts, and what they mean. */
const SPENT: Record<string, string> = {
  enforced_spend_limit_reached: "the month's spending limit of this account's tier is reached",
  contract_spend_limit_reached: 'the spending limit of the contract is reached',
  linked_organization_spend_limit_reached: 'the spending limit of the linked organisation is reached',
};
const STATUS_OF: Record<string, number> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
};
const BROKEN = new Set([400, 404, 405, 422]);

/** Classifies an error of the SDK. An unknown error counts as passing: ending a loop needs a reason. */
export function classify(error: unknown, reachable: Reachable): Failure {
  const reason = firstLine(error);
  if (
    error instanceof APIError &&
    !(error instanceof APIConnectionError || error instanceof APIUserAbortError)
  )
    return ofAnswer(error, reason, reachable);
  if (reason.startsWith('Unable to parse tool parameter JSON')) return { kind: 'garbled', reason };
  if (error instanceof APIUserAbortError)
    return { kind: 'passing', reason: 'the stream sent nothing more', retryAfterSeconds: null };
  return { kind: 'passing', reason, retryAfterSeconds: null };
}

/**
 * Classifies an error response. Most kinds need JSON of the API itself or of a cloud; other responses of a
 * proxy count as passing.
 */
function ofAnswer(error: APIError, reason: string, { via, authHint }: Reachable): Failure {
  const passing: Failure = { kind: 'passing', reason, retryAfterSeconds: retryAfter(error.headers) };
  const status = error.status ?? STATUS_OF[error.type ?? ''];
  if (error.errorCode && SPENT[error.errorCode])
    return { kind: 'fatal', code: 'credit', reason: `${SPENT[error.errorCode]}: ${reason}` };
  if (status === undefined || status === 408 || status === 409 || status === 429 || status >= 500)
    return passing;
  if (status === 413)
    return { kind: 'broken', reason: `the conversation is larger than a request may be: ${reason}` };
  const own = isOwn(error.error);
  const judged = own || (isJson(error.error) && via !== 'api');
  if (status === 401 && (judged || isJson(error.error)))
    return {
      kind: 'fatal',
      code: 'credentials',
      reason: `the API does not accept the credentials (401); ${authHint}`,
    };
  if (judged && (status === 402 || SENTENCES.credit.test(error.message)))
    return {
      kind: 'fatal',
      code: 'credit',
      reason: 'the account has no credit (402); add credit, then start again',
    };
  // This limit is known by its sentence alone, which also says when the limit ends.
  if (own && status === 400 && SENTENCES.limit.test(error.message))
    return { kind: 'fatal', code: 'credit', reason };
  if (judged && status === 403)
    return {
      kind: 'fatal',
      code: 'credentials',
      reason: `the credentials may not use this model or endpoint (${reason}); use others, or choose a model with --model`,
    };
  if (own && status === 400 && SENTENCES.tooLong.test(error.message)) return { kind: 'full', reason };
  if (status === 404 && !own)
    return {
      kind: 'broken',
      reason: `there is no Messages API at that address (${reason}); check the base URL`,
    };
  return BROKEN.has(status) && isJson(error.error) ? { kind: 'broken', reason } : passing;
}

/** Errors that the API documents by a sentence only, without a code. */
const SENTENCES = {
  credit: /credit balance is too low/i,
  limit: /reached your specified (?:workspace )?API usage limits/i,
  tooLong: /prompt is too long/i,
};

const isJson = (body: unknown): body is object => typeof body === 'object' && body !== null;

/** Whether an error's body has the API's own shape: {"type":"error","error":{"type":...,"message":...}}. */
function isOwn(body: unknown): boolean {
  if (!isJson(body) || !('error' in body) || !isJson(body.error)) return false;
  return (
    'type' in body && body.type === 'error' && 'type' in body.error && typeof body.error.type === 'string'
  );
}

/**
 * Whether a call that failed before its first event surely costs nothing: it was answered with an error, or
 * never reached a server (`neverSent`, set by host/network). A connection that was lost on the way may have
 * been billed.
 */
export function isFree(error: unknown): boolean {
  if (error instanceof APIUserAbortError) return false;
  // An error event within a started stream has no status.
  if (error instanceof APIError && !(error instanceof APIConnectionError)) return error.status !== undefined;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('neverSent' in cause) return true;
  }
  return false;
}

/**
 * Seconds to wait before attempt n (from 1) of the same call: 1 s doubling to 15 minutes, or what the server
 * asks for.
 */
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
  // The innermost cause says what happened: "Connection error." ← "fetch failed" ← that cause.
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  return plain(`${text}${why}`.replace(/\n.*/s, '')).slice(0, 300);
}

/**
 * The API's own error message without the JSON around it: "404 not_found_error: model: x". Null for an error
 * in another form.
 */
function apiWords(error: unknown): string | null {
  if (!(error instanceof APIError) || !error.apiMessage) return null;
  return [error.status, error.type && `${error.type}:`, error.apiMessage].filter(Boolean).join(' ');
}
