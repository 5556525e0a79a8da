import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Bill, Meter } from './bill.ts';
import { deliver, invalid, json, pause, refuse } from './deliver.ts';
import { messageOf } from './message.ts';
import { type Answer, isRefusal, type MessagesRequest, type Refusal } from './protocol.ts';
import { receive, targetOf } from './receive.ts';
import { ScriptMistake } from './reply.ts';
import { firstViolation } from './rules/all.ts';
import { type Accepts, unauthorized } from './rules/auth.ts';
import { type Account, type Binding, binding } from './rules/binding.ts';
import { PromptCache } from './rules/cache.ts';
import { refused } from './rules/gateway.ts';
import { type Call, textOf } from './rules/rule.ts';
import { inputTokens } from './rules/tokens.ts';
import { THINKING_TOKENS } from './rules/usage.ts';

const TOKENS_PER_SECOND = 80;

export interface MessagesServer {
  /** Base URL for a client: http://127.0.0.1:PORT */
  url: string;
  /** The number of thinking blocks that came back in another conversation than their own, refused or not. */
  readonly mismatches: number;
  /** The messages of all refusals by the server's own rules. */
  readonly violations: readonly string[];
  /** The messages about replies of `respond` that the API never gives. */
  readonly mistakes: readonly string[];
  /** Stops the server and closes open connections. */
  close(): Promise<void>;
  /** From here on the server does not keep its process alive. */
  unref(): void;
}

/**
 * Answers one request; all that it needs is in `request.messages`. `signal` aborts when the client
 * disconnects.
 */
export type Respond = (
  request: MessagesRequest,
  signal: AbortSignal,
  headers: IncomingHttpHeaders,
) => Answer | Promise<Answer>;

export interface ServerOptions {
  /**
   * Whether the API checks thinking blocks for this account when a request says nothing about it. Unset:
   * `new`, which is checked.
   */
  account?: Account;
  /** Which kind of key is accepted. Unset: either. */
  accepts?: Accepts;
  /**
   * Names of fields, betas and tool types to refuse, as a gateway or an older model does (rules/gateway.ts).
   */
  refuses?: readonly string[];
  /** How fast the model writes after the last event that was sent, for the bill of a cut reply. Unset: 80. */
  tokensPerSecond?: number;
  /** Called for every request whose answer was begun, whether or not the reply came to its end. */
  onBill?: (bill: Bill) => void;
}

/**
 * Serves the Messages API on loopback (`POST /v1/messages`, streaming or not, and
 * `/v1/messages/count_tokens`) with the API's rules. `respond` answers the requests that break no rule: with
 * a reply or with a fault (an HTTP error, or a stream that is cut, silent or ends in an error event). An
 * exception of `respond` becomes a 500.
 */
export async function startMessagesServer(
  respond: Respond,
  options: ServerOptions = {},
): Promise<MessagesServer> {
  const api = new Api(respond, options);
  const server = createServer((request, response) => {
    void api.handle(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof ScriptMistake) api.mistakes.push(message);
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
    get mismatches() {
      return api.mismatches;
    },
    violations: api.violations,
    mistakes: api.mistakes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    unref: () => void server.unref(),
  };
}

class Api {
  mismatches = 0;
  readonly violations: string[] = [];
  readonly mistakes: string[] = [];
  readonly #cache = new PromptCache();
  readonly #respond: Respond;
  readonly #options: ServerOptions;
  #asked = 0;

  constructor(respond: Respond, options: ServerOptions) {
    this.#respond = respond;
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request);
    if (target.kind === 'unknown') return refuse(response, target.refusal);
    const unknown = unauthorized(request.headers, this.#options.accepts ?? 'any');
    if (unknown)
      return this.#refuse(response, { status: 401, type: 'authentication_error', message: unknown });
    const received = await receive(request, target.kind === 'count');
    if ('status' in received) return this.#refuse(response, received);
    const bound = this.#check(received);
    if (typeof bound === 'string') return this.#refuse(response, invalid(bound));
    if (target.kind === 'count') return json(response, 200, { input_tokens: inputTokens(received.request) });
    await this.#answer(received, bound, request.headers, response);
  }

  /**
   * What happens to the thinking blocks of a request, or the message of the first rule that the request
   * breaks.
   */
  #check(call: Call): Binding | string {
    const { account = 'new', refuses = [] } = this.#options;
    const violation = refused(call, refuses) ?? firstViolation(call);
    if (violation) return textOf(violation);
    const bound = binding(call, account);
    this.mismatches += bound.mismatches;
    return bound.violation ? textOf(bound.violation) : bound;
  }

  #refuse(response: ServerResponse, refusal: Refusal): void {
    this.violations.push(refusal.message);
    refuse(response, refusal);
  }

  async #answer(
    call: Call,
    bound: Binding,
    headers: IncomingHttpHeaders,
    response: ServerResponse,
  ): Promise<void> {
    const { request } = call;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const since = Date.now();
    const n = this.#asked++;
    const reply = await this.#respond(request, gone.signal, headers);
    if (isRefusal(reply)) {
      await pause(reply.delay, gone.signal);
      return refuse(response, reply);
    }
    const message = messageOf(reply, call, bound, this.#cache);
    const meter = new Meter({
      usage: message.usage,
      maxTokens: request.max_tokens,
      thinkingTokens: reply.thinkingTokens ?? THINKING_TOKENS,
      tokensPerSecond: this.#options.tokensPerSecond ?? TOKENS_PER_SECOND,
      since,
    });
    await pause(reply.delay, gone.signal);
    const { onBill = () => {} } = this.#options;
    await deliver(response, {
      message,
      trouble: reply.trouble,
      streamed: request.stream,
      gone: gone.signal,
      saw: (event) => meter.saw(event),
      whole: () => onBill({ request, usage: message.usage, cut: false, n }),
      cut: () => onBill({ request, usage: meter.cut(), cut: true, n }),
    });
  }
}
