import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, isRefusal, MessagesRequest, type Refusal, type Reply } from './protocol.ts';
import { eventsOf, inputTokens, messageOf, type StreamEvent } from './stream.ts';

const MAX_BODY_BYTES = 64 * 2 ** 20;

export interface MessagesServer {
  /** Base URL for a client: http://127.0.0.1:PORT */
  url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Answers one request; whatever it needs to know stands in `request.messages`. `signal` aborts when the client leaves. */
export type Respond = (
  request: MessagesRequest,
  signal: AbortSignal,
  headers: IncomingHttpHeaders,
) => Answer | Promise<Answer>;

/**
 * Serves the Messages API on loopback (`POST /v1/messages`, streaming or not, and `/v1/messages/count_tokens`).
 * What it says is `respond`'s: a walk, a script, or a fault (an HTTP error, a stream that is cut, silent or ends in
 * an error event). Query strings, beta headers and keys are ignored. An exception of `respond` is a 500.
 */
export async function startMessagesServer(respond: Respond): Promise<MessagesServer> {
  const server = createServer((request, response) => {
    void handle(request, response, respond).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else refuse(response, { status: 500, type: 'api_error', message });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, respond: Respond): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const counting = path === '/v1/messages/count_tokens';
  if (request.method !== 'POST' || (path !== '/v1/messages' && !counting)) {
    return refuse(response, {
      status: 404,
      type: 'not_found_error',
      message: `${request.method} ${path} is not served; this is POST /v1/messages`,
    });
  }
  const body = await readBody(request);
  if (body === null) {
    const limit = MAX_BODY_BYTES / 2 ** 20;
    return refuse(response, {
      status: 413,
      type: 'request_too_large',
      message: `a request may have ${limit} MB`,
      headers: { connection: 'close' },
    });
  }
  const parsed = parse(counting ? { max_tokens: 1 } : {}, body);
  if (typeof parsed === 'string') {
    return refuse(response, { status: 400, type: 'invalid_request_error', message: parsed });
  }
  if (counting) return json(response, 200, { input_tokens: inputTokens(parsed) });

  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const answer = await respond(parsed, gone.signal, request.headers);
  if (answer.delay) await sleep(answer.delay, undefined, { signal: gone.signal }).catch(() => undefined);
  if (gone.signal.aborted) return;
  if (isRefusal(answer)) return refuse(response, answer);
  if (parsed.stream) await stream(response, answer, parsed, gone.signal);
  else json(response, 200, messageOf(answer, parsed));
}

/** Null when the body is larger than a request may be. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > MAX_BODY_BYTES) return null;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The request, or what is wrong with it in one line. */
function parse(defaults: object, body: string): MessagesRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'the request body is not JSON';
  }
  if (typeof value !== 'object' || value === null) return 'the request body is not an object';
  const parsed = MessagesRequest.safeParse({ ...defaults, ...value });
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

async function stream(
  response: ServerResponse,
  reply: Reply,
  request: MessagesRequest,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'request-id': `req_${Date.now().toString(36)}`,
  });
  response.flushHeaders();
  const { trouble } = reply;
  let sent = 0;
  for (const event of eventsOf(messageOf(reply, request))) {
    if (gone.aborted) return;
    if (trouble && sent === trouble.afterEvents) {
      if (trouble.kind === 'disconnect') return void response.socket?.resetAndDestroy();
      if (trouble.kind === 'silence') return;
      await send(response, {
        type: 'error',
        error: { type: trouble.type ?? 'overloaded_error', message: 'acted out by the local server' },
      });
      return void response.end();
    }
    await send(response, event);
    sent++;
  }
  response.end();
}

/** Resolves when the kernel has taken the event, so that a cut comes after what was sent before it. */
function send(response: ServerResponse, event: StreamEvent): Promise<void> {
  return new Promise((resolve) => {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, () => resolve());
  });
}

function refuse(response: ServerResponse, { status, type, message, headers, body }: Refusal): void {
  if (body !== undefined) {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
    return;
  }
  json(response, status, { type: 'error', error: { type, message } }, headers);
}

function json(response: ServerResponse, status: number, value: unknown, headers: object = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(`${JSON.stringify(value)}\n`);
}
