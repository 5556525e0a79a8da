import Anthropic from '@anthropic-ai/sdk';
import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type {
  BetaMessage,
  BetaMessageParam,
  BetaToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/beta';
import { Calls } from './calls.ts';
import type { Connection } from './connection.ts';
import { backoffSeconds, classify } from './failures.ts';
import { closing, garbled, type Mend, mending } from './mending.ts';
import type { Turn } from './meter.ts';
import type { CacheTtl } from './prices.ts';
import { request } from './request.ts';
import type { Reserve } from './reserve.ts';
import { Watchdog } from './watchdog.ts';

/** How a conversation came to its end. */
export type Ending =
  /** `finish_sprint` was called. */
  | { kind: 'finished' }
  /** The model ended its turn and asked for nothing more. */
  | { kind: 'silent'; text: string }
  /** A limit of this sprint (turns, context), or of the whole loop (money, time). */
  | { kind: 'limit'; of: 'sprint' | 'loop'; reason: string }
  /** Someone asked the loop to stop. */
  | { kind: 'stopped'; reason: string }
  /** Nothing can be asked any more: the key or the credit is at an end. */
  | { kind: 'fatal'; reason: string }
  /** This conversation failed; another may not. */
  | { kind: 'failed'; reason: string };

export interface Conversation {
  connection: Connection;
  system: string;
  /** The history so far: the prompt, or all of an interrupted conversation. Every message that is added is also given to `onMessage`. */
  messages: BetaMessageParam[];
  onMessage(message: BetaMessageParam): void;
  tools: BetaRunnableTool[];
  maxTokens: number;
  effort: string;
  maxTurns: number;
  stallMs: number;
  /** How long the API keeps what it has read: an hour costs more to write, and pays where waits for runs are long. */
  cacheTtl: CacheTtl;
  /** Awaited before every call: it comes back at once, or when a pause is over. */
  ready(): Promise<void>;
  /** Asked before every call, with what it can cost at most. A limit that is reached, of this sprint or of the loop, ends the conversation. */
  mayCall(reserve: Reserve): { of: 'sprint' | 'loop'; reason: string } | null;
  /** Whether `finish_sprint` was called. */
  isFinished(): boolean;
  /** A request to stop that lets the turn end; null while there is none. */
  stopRequested(): string | null;
  /** Words from outside that go in beside the next tool results. */
  hints(): string[];
  /** A call is about to be made, and may cost so much. `onTurn` or `onFree` ends it. */
  onCall(reserve: Reserve): void;
  onTurn(turn: Turn): void;
  /** The call failed and cost nothing. */
  onFree(reason: string): void;
  /** Something that those who look on should know; `warn` where it needs somebody's hand. */
  onNotice(text: string, level: 'info' | 'warn'): void;
  /** Waits, visibly; ends early when a stop is asked for. */
  wait(seconds: number, reason: string): Promise<void>;
  /** Ends everything at once. */
  signal: AbortSignal;
}

/** After this many cut or empty replies in a row the conversation has failed. */
const MAX_MENDS = 3;

/**
 * Runs one conversation to its end: the SDK's tool runner does the turns, and what it does not do is done here (cut and silent streams,
 * overload that lasts, cut tool calls, refusals, money). The whole history goes with every call, so a turn that failed is sent again as
 * it was, and a conversation can be taken up from its transcript.
 */
export async function converse(c: Conversation): Promise<Ending> {
  const watchdog = new Watchdog(c.stallMs);
  const client = new Anthropic({
    apiKey: c.connection.apiKey,
    baseURL: c.connection.baseURL,
    fetch: watchdog.fetch,
    logLevel: 'off',
    // Each attempt is reserved and accounted for here.
    maxRetries: 0,
  });
  const calls = new Calls(c);
  let failures = 0;
  let mends = 0;
  let turns = 0;
  const say = (message: BetaMessageParam) => {
    c.messages.push(message);
    c.onMessage(message);
  };
  /** Awaited before every call: why it is not made. */
  const whyNot = async (): Promise<Ending | null> => {
    await c.ready();
    const stop = c.stopRequested();
    if (stop !== null) return { kind: 'stopped', reason: stop };
    if (turns >= c.maxTurns)
      return { kind: 'limit', of: 'sprint', reason: `${c.maxTurns} turns in one sprint` };
    const no = calls.announce();
    return no && { kind: 'limit', ...no };
  };

  for (;;) {
    const end = await whyNot();
    if (end) return end;
    const runner = client.beta.messages.toolRunner(request(c, calls.manner), { signal: c.signal });
    let odd: Ending | Mend | null = null;
    let last: BetaMessage | null = null;
    let cut: { partial: BetaMessage | undefined; seconds: number } | null = null;
    try {
      for await (const stream of runner) {
        const started = performance.now();
        watchdog.start(() => stream.abort());
        const message = await stream.finalMessage().catch(() => null);
        watchdog.stop();
        const seconds = (performance.now() - started) / 1000;
        if (!message) {
          cut = { partial: stream.currentMessage, seconds };
          continue; // The runner now throws what went wrong, below.
        }
        last = message;
        turns++;
        failures = 0;
        calls.answered(message, seconds);
        // What was refused is no part of the conversation, and the API takes no empty message.
        if (message.stop_reason !== 'refusal' && message.content.length > 0)
          say({ role: 'assistant', content: message.content });
        if (message.stop_reason !== 'tool_use') break;
        mends = 0;
        const results = await runner.generateToolResponse(c.signal);
        if (!results) break;
        const hints = c.hints().map((text) => ({ type: 'text' as const, text }));
        say({ role: 'user', content: [...(results.content as BetaToolResultBlockParam[]), ...hints] });
        if (c.isFinished()) return { kind: 'finished' };
        const { manner } = calls;
        const end = await whyNot();
        if (end) return end;
        if (hints.length > 0 || calls.manner !== manner) runner.setMessagesParams(request(c, calls.manner));
      }
    } catch (error) {
      if (cut) calls.lost(cut, error);
      if (c.signal.aborted) return { kind: 'stopped', reason: c.stopRequested() ?? 'stopped at once' };
      if (calls.dropRefused(error)) continue;
      const failure = classify(error);
      if (failure.kind === 'fatal') return failure;
      if (failure.kind === 'broken') return { kind: 'failed', reason: failure.reason };
      if (failure.kind === 'passing') {
        const reason = watchdog.stalled ? `the stream was silent for ${c.stallMs / 1000} s` : failure.reason;
        failures++;
        await c.wait(backoffSeconds(failures, failure.retryAfterSeconds), reason);
        continue;
      }
      odd = failure.kind === 'full' ? closing(calls.manner) : garbled(calls.manner);
    }

    // Neither whole tool calls nor a failure that passes.
    odd ??= last ? mending(last, calls.manner) : { kind: 'failed', reason: 'the server gave no message' };
    if ('kind' in odd) return odd;
    if (odd.notice) c.onNotice(odd.notice, 'info');
    calls.change(odd.manner);
    if (odd.answer) {
      if (++mends > MAX_MENDS)
        return { kind: 'failed', reason: `${last?.stop_reason ?? 'garbled calls'} ${mends} times in a row` };
      say(odd.answer);
    }
  }
}
