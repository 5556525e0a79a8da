import Anthropic from '@anthropic-ai/sdk';
import type { BetaRunnableTool } from '@anthropic-ai/sdk/lib/tools/BetaRunnableTool';
import type {
  BetaMessage,
  BetaMessageParam,
  BetaToolResultBlockParam,
  BetaToolUseBlock,
} from '@anthropic-ai/sdk/resources/beta';
import type { Connection } from './connection.ts';
import { backoffSeconds, classify } from './failures.ts';
import { Meter, type Reserve, type Turn, textOf } from './meter.ts';
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
  onTurn(turn: Turn): void;
  /** Waits, visibly; ends early when a stop is asked for. */
  wait(seconds: number, reason: string): Promise<void>;
  /** Ends everything at once. */
  signal: AbortSignal;
}

/** After this many cut or empty replies in a row the conversation has failed. */
const MAX_MENDS = 3;

/**
 * Runs one conversation to its end: the SDK's tool runner does the turns, and what it does not do is done here (cut and silent streams,
 * overload that lasts, cut tool calls, money). The whole history goes with every call, so a turn that failed is sent again as it was,
 * and a conversation can be taken up from its transcript.
 */
export async function converse(c: Conversation): Promise<Ending> {
  const watchdog = new Watchdog(c.stallMs);
  const client = new Anthropic({
    apiKey: c.connection.apiKey,
    baseURL: c.connection.baseURL,
    fetch: watchdog.fetch,
    logLevel: 'off',
  });
  const meter = new Meter(c);
  let failures = 0;
  let mends = 0;
  let turns = 0;
  const say = (message: BetaMessageParam) => {
    c.messages.push(message);
    c.onMessage(message);
  };

  for (;;) {
    await c.ready();
    const no = stop(c) ?? limit(c, meter, turns);
    if (no) return no;
    const runner = client.beta.messages.toolRunner(request(c), { signal: c.signal });
    try {
      for await (const stream of runner) {
        const started = performance.now();
        watchdog.start(() => stream.abort());
        const failed = await stream.finalMessage().then(
          () => false,
          () => true,
        );
        watchdog.stop();
        const seconds = (performance.now() - started) / 1000;
        if (failed) {
          const partial = stream.currentMessage;
          if (partial) c.onTurn(meter.cutTurn(partial, seconds));
          continue; // The runner now throws what went wrong, below.
        }
        const message = await stream.finalMessage();
        turns++;
        failures = 0;
        c.onTurn(meter.turn(message, seconds));
        say({ role: 'assistant', content: message.content });
        if (message.stop_reason !== 'tool_use') break;
        mends = 0;
        const results = await runner.generateToolResponse(c.signal);
        if (!results) break;
        const hints = c.hints();
        const content = [
          ...(results.content as BetaToolResultBlockParam[]),
          ...hints.map((text) => ({ type: 'text' as const, text })),
        ];
        const answer: BetaMessageParam = { role: 'user', content };
        say(answer);
        if (c.isFinished()) return { kind: 'finished' };
        await c.ready();
        const end = stop(c) ?? limit(c, meter, turns);
        if (end) return end;
        if (hints.length > 0)
          runner.setMessagesParams((params) => ({ ...params, messages: [...c.messages] }));
      }
    } catch (error) {
      if (c.signal.aborted) return { kind: 'stopped', reason: c.stopRequested() ?? 'stopped at once' };
      const failure = classify(error);
      if (failure.kind === 'fatal') return failure;
      if (failure.kind === 'broken') return { kind: 'failed', reason: failure.reason };
      const reason = watchdog.stalled ? `the stream was silent for ${c.stallMs / 1000} s` : failure.reason;
      failures++;
      await c.wait(backoffSeconds(failures, failure.retryAfterSeconds), reason);
      continue;
    }

    const last = meter.lastMessage;
    if (!last) return { kind: 'failed', reason: 'the server gave no message' };
    const mend = mending(last);
    if ('kind' in mend) return mend;
    if (mend.answer) {
      if (++mends > MAX_MENDS)
        return { kind: 'failed', reason: `${last.stop_reason} ${mends} times in a row` };
      say(mend.answer);
    }
  }
}

/** What is said to a reply that ended without whole tool calls, or the ending that it is. */
function mending(message: BetaMessage): Ending | { answer: BetaMessageParam | null } {
  const calls = message.content.filter((block): block is BetaToolUseBlock => block.type === 'tool_use');
  const text = textOf(message);
  switch (message.stop_reason) {
    case 'max_tokens': {
      const cut =
        'This reply was cut off at the limit of tokens and nothing of it was run. Go on in smaller steps.';
      const results = calls.map((call) => ({
        type: 'tool_result' as const,
        tool_use_id: call.id,
        is_error: true,
        content: cut,
      }));
      return { answer: { role: 'user', content: results.length > 0 ? results : cut } };
    }
    case 'pause_turn':
      return { answer: null };
    case 'refusal':
      return { kind: 'failed', reason: `the model refused: ${text.slice(0, 200) || 'no words given'}` };
    case 'model_context_window_exceeded':
      return { kind: 'limit', of: 'sprint', reason: "the model's context window is full" };
    default:
      return { kind: 'silent', text };
  }
}

const stop = (c: Conversation): Ending | null => {
  const reason = c.stopRequested();
  return reason === null ? null : { kind: 'stopped', reason };
};

function limit(c: Conversation, meter: Meter, turns: number): Ending | null {
  if (turns >= c.maxTurns)
    return { kind: 'limit', of: 'sprint', reason: `${c.maxTurns} turns in one sprint` };
  const no = c.mayCall(meter.reserve());
  return no && { kind: 'limit', ...no };
}

function request(c: Conversation) {
  return {
    model: c.connection.model,
    max_tokens: c.maxTokens,
    system: [{ type: 'text' as const, text: c.system, cache_control: { type: 'ephemeral' as const } }],
    // Marks the last block of every request, so that a turn reads all of the last one from the cache.
    cache_control: { type: 'ephemeral' as const },
    thinking: { type: 'adaptive' as const },
    output_config: { effort: c.effort as 'high' },
    messages: [...c.messages],
    tools: c.tools,
    stream: true as const,
    // Full history on every call: gateways know no threads, and a call can be repeated.
    thread: false as const,
  };
}
