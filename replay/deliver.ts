import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from './message.ts';
import type { Refusal, Trouble } from './protocol.ts';
import { newId } from './reply.ts';
import { eventsOf, type StreamEvent } from './stream.ts';

const PING_MS = 100;

interface Delivery {
  message: Message;
  trouble?: Trouble;
  streamed: boolean;
  /** Aborts when the client disconnects. */
  gone: AbortSignal;
  saw(event: StreamEvent): void;
  /** Exactly one of `whole` and `cut` is called, once, before the client can know how the reply ended. */
  whole(): void;
  cut(): void;
}

/** Sends a reply as JSON or as a stream; a stream includes the fault that `trouble` names. */
export async function deliver(response: ServerResponse, delivery: Delivery): Promise<void> {
  const { message, streamed, gone, whole, cut } = delivery;
  if (gone.aborted) return cut();
  if (streamed) return stream(response, delivery);
  whole();
  json(response, 200, message);
}

async function stream(response: ServerResponse, { message, trouble, gone, saw, whole, cut }: Delivery) {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'request-id': newId('req'),
  });
  response.flushHeaders();
  let sent = 0;
  for (const event of eventsOf(message)) {
    if (gone.aborted) return cut();
    if (trouble && sent === trouble.afterEvents) {
      await quiet(response, trouble, gone);
      cut();
      return act(response, trouble);
    }
    if (event.type === 'message_stop') whole();
    await send(response, event);
    saw(event);
    sent++;
  }
  response.end();
}

/** Sends nothing, or pings only, until the client disconnects; returns at once for other kinds of trouble. */
async function quiet(response: ServerResponse, { kind }: Trouble, gone: AbortSignal): Promise<void> {
  if (kind !== 'silence' && kind !== 'pings') return;
  while (!gone.aborted) {
    await pause(PING_MS, gone);
    if (kind === 'pings' && !gone.aborted) await send(response, { type: 'ping' });
  }
}

async function act(response: ServerResponse, { kind, type = 'overloaded_error' }: Trouble): Promise<void> {
  if (kind === 'disconnect') return void response.socket?.resetAndDestroy();
  if (kind === 'close') return void response.socket?.end();
  if (kind !== 'error') return;
  await send(response, { type: 'error', error: { type, message: 'acted out by the local server' } });
  response.end();
}

/**
 * Resolves when the kernel has taken the event, so that a cut of the connection comes after all events sent
 * before.
 */
function send(response: ServerResponse, event: StreamEvent): Promise<void> {
  return new Promise((resolve) => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, () => resolve());
  });
}

/** Waits `ms` milliseconds, or until the signal aborts. */
export async function pause(ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (ms) await sleep(ms, undefined, { signal }).catch(() => undefined);
}

export const invalid = (message: string): Refusal => ({
  status: 400,
  type: 'invalid_request_error',
  message,
});

/** Sends an HTTP error: the API's JSON, or a gateway's text where `body` is set. */
export function refuse(
  response: ServerResponse,
  { status, type, message, errorCode, headers, body }: Refusal,
): void {
  if (response.destroyed) return;
  if (body !== undefined) {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
    return;
  }
  const request_id = newId('req');
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } };
  json(
    response,
    status,
    { type: 'error', error: { type, message, ...details }, request_id },
    { 'request-id': request_id, ...headers },
  );
}

export function json(response: ServerResponse, status: number, value: unknown, headers: object = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'request-id': newId('req'), ...headers })
    .end(`${JSON.stringify(value)}\n`);
}
