import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import type { BetaMessageParam } from '@anthropic-ai/sdk/resources/beta';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Answer, MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { type Conversation, converse } from './converse.ts';
import type { Turn } from './meter.ts';
import { costOf, noUsage, priceOf } from './prices.ts';

const servers: MessagesServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

type Respond = (request: MessagesRequest, n: number) => Answer;
const use = (name: string, input: unknown = {}) => ({ type: 'tool_use', name, input });
const say = (text: string) => ({ type: 'text', text });

/** A conversation with a real server on loopback that answers call n (from 0) by `respond`; waits are noted and take no time. */
async function talk(respond: Respond, over: Partial<Conversation> = {}) {
  const requests: MessagesRequest[] = [];
  const server = await startMessagesServer((request) => respond(request, requests.push(request) - 1));
  servers.push(server);
  const ran: string[] = [];
  const waits: { seconds: number; reason: string }[] = [];
  const turns: Turn[] = [];
  const told: string[] = [];
  const notices: string[] = [];
  const written: BetaMessageParam[] = [];
  let finished = false;
  const tool = (name: string, run: (text: string) => string) =>
    betaZodTool({
      name,
      description: name,
      inputSchema: z.object({ text: z.string().default('') }),
      run: ({ text }) => {
        ran.push(`${name} ${text}`.trim());
        return run(text);
      },
    });
  const conversation: Conversation = {
    connection: {
      kind: 'claude',
      label: 'test',
      model: 'claude-haiku-5-5',
      price: priceOf('claude-haiku-5-5'),
      fallback: null,
      web: false,
      manages: false,
      baseURL: server.url,
      apiKey: 'key',
      close: async () => {},
    },
    system: 'You are tested.',
    messages: [{ role: 'user', content: 'Begin.' }],
    onMessage: (message) => written.push(message),
    tools: [
      tool('note', (text) => `noted ${text}`),
      tool('fail', () => {
        throw new Error('it is broken');
      }),
      tool('finish', () => {
        finished = true;
        return 'done';
      }),
    ],
    maxTokens: 1000,
    effort: 'low',
    maxTurns: 20,
    stallMs: 400,
    cacheTtl: '5m',
    ready: async () => {},
    mayCall: () => null,
    isFinished: () => finished,
    stopRequested: () => null,
    hints: () => [],
    onCall: (reserve) => told.push(`call ${reserve.tokens > 0}`),
    onFree: (reason) => told.push(`free: ${reason}`),
    onNotice: (text) => notices.push(text),
    onTurn: (turn) => {
      turns.push(turn);
      told.push('turn');
    },
    wait: async (seconds, reason) => {
      waits.push({ seconds, reason });
    },
    signal: new AbortController().signal,
    ...over,
  };
  const ending = await converse(conversation);
  return { ending, requests, ran, waits, turns, told, notices, written, messages: conversation.messages };
}

const finishing = (...content: ReturnType<typeof use>[]): Answer => ({
  content: [...content, use('finish')],
});

describe('a conversation', () => {
  it('runs tools until finish_sprint, makes no call after it, and sends the whole history each time', async () => {
    const t = await talk((_, n) =>
      n === 0 ? { content: [say('I note.'), use('note', { text: 'a' })] } : finishing(),
    );
    expect(t.ending).toEqual({ kind: 'finished' });
    expect(t.ran).toEqual(['note a', 'finish']);
    expect(t.requests.map((r) => r.messages.length)).toEqual([1, 3]);
    expect(t.requests[1]).toMatchObject({ stream: true, model: 'claude-haiku-5-5', max_tokens: 1000 });
    expect(t.requests[1]).not.toHaveProperty('thread');
    expect(JSON.stringify(t.requests[0])).toContain('"cache_control":{"type":"ephemeral","ttl":"5m"}');
    expect(t.written.map((m) => m.role)).toEqual(['assistant', 'user', 'assistant', 'user']);
    expect(t.turns.map((turn) => turn.message.text)).toEqual(['I note.', '']);
    expect(t.turns.every((turn) => turn.usd > 0)).toBe(true);
  });

  it('gives errors of tools, unknown tools and malformed input back as error results, and parallel calls all their results', async () => {
    const t = await talk((_, n) =>
      n === 0
        ? { content: [use('note', { text: 'a' }), use('fail'), use('nothing'), use('note', { text: 7 })] }
        : finishing(),
    );
    const results = t.messages[2].content as { is_error?: boolean; content: string }[];
    expect(results.map((r) => r.is_error ?? false)).toEqual([false, true, true, true]);
    expect(JSON.stringify(results[1].content)).toContain('it is broken');
  });

  it('ends silent when the model stops by itself, and at the limits', async () => {
    expect((await talk(() => ({ content: [say('Enough.')] }))).ending).toEqual({
      kind: 'silent',
      text: 'Enough.',
    });
    const endless: Respond = () => ({ content: [use('note')] });
    const turns = await talk(endless, { maxTurns: 3 });
    expect(turns.ending).toMatchObject({ kind: 'limit', of: 'sprint' });
    expect(turns.requests).toHaveLength(3);
    let calls = 0;
    const money = await talk(endless, {
      mayCall: () => (++calls > 2 ? { of: 'loop' as const, reason: 'no money' } : null),
    });
    expect(money.ending).toEqual({ kind: 'limit', of: 'loop', reason: 'no money' });
    expect(money.requests).toHaveLength(2);
  });

  it('finishes the turn with its tools when it is asked to stop', async () => {
    const t = await talk(() => ({ content: [use('note')] }), {
      stopRequested: (() => {
        let asked = 0;
        return () => (++asked > 1 ? 'Ctrl-C' : null);
      })(),
    });
    expect(t.ending).toEqual({ kind: 'stopped', reason: 'Ctrl-C' });
    expect(t.ran).toEqual(['note']);
    expect(t.messages.at(-1)?.role).toBe('user');
  });

  it('puts hints beside the tool results', async () => {
    const hints = [['Try sorting.'], []];
    const t = await talk((_, n) => (n === 0 ? { content: [use('note')] } : finishing()), {
      hints: () => hints.shift() ?? [],
    });
    const last = t.requests[1].messages.at(-1)?.content as { type: string; text?: string }[];
    expect(last.map((b) => b.type)).toEqual(['tool_result', 'text']);
    expect(last[1].text).toBe('Try sorting.');
    expect(t.ending.kind).toBe('finished');
  });
});

describe('what goes wrong between us and the API', () => {
  const once =
    (first: Answer): Respond =>
    (_, n) =>
      n === 1 ? first : n === 0 ? { content: [use('note')] } : finishing();

  it.each([
    [
      'a disconnect in mid-stream',
      { content: [say('half')], trouble: { afterEvents: 3, kind: 'disconnect' } },
    ],
    [
      'an SSE error event',
      { content: [say('half')], trouble: { afterEvents: 3, kind: 'error', type: 'overloaded_error' } },
    ],
    ['a silent stream', { content: [say('half')], trouble: { afterEvents: 3, kind: 'silence' } }],
    [
      'an overload that lasts',
      {
        status: 529,
        type: 'overloaded_error',
        message: 'Overloaded',
        headers: { 'x-should-retry': 'false' },
      },
    ],
    [
      'a rate limit',
      {
        status: 429,
        type: 'rate_limit_error',
        message: 'Slow',
        headers: { 'x-should-retry': 'false', 'retry-after': '77' },
      },
    ],
  ] as [string, Answer][])(
    'waits and sends the same turn again after %s; finished tools do not run again',
    async (_, fault) => {
      const t = await talk(once(fault));
      expect(t.ending).toEqual({ kind: 'finished' });
      expect(t.ran).toEqual(['note', 'finish']);
      expect(t.requests[2].messages).toEqual(t.requests[1].messages);
      expect(t.waits).toHaveLength(1);
      if ('status' in fault && fault.status === 429) expect(t.waits[0].seconds).toBe(77);
    },
  );

  it('waits longer and longer, up to 15 minutes, for hours', async () => {
    const busy: Answer = {
      status: 529,
      type: 'overloaded_error',
      message: 'Overloaded',
      headers: { 'x-should-retry': 'false' },
    };
    const t = await talk((_, n) => (n < 12 ? busy : finishing()));
    expect(t.ending.kind).toBe('finished');
    expect(t.waits.map((w) => w.seconds)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900]);
  });

  it.each([
    [401, 'authentication_error', 'invalid x-api-key', 'fatal'],
    [402, 'billing_error', 'pay', 'fatal'],
    [403, 'permission_error', 'no', 'fatal'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the API', 'fatal'],
    [400, 'invalid_request_error', 'messages: too strange', 'failed'],
    [413, 'request_too_large', 'too large', 'failed'],
  ])('%i %s (%s) is %s, without another call', async (status, type, message, kind) => {
    const t = await talk(() => ({ status, type, message }));
    expect(t.ending.kind).toBe(kind);
    expect(t.requests).toHaveLength(1);
    expect(t.waits).toEqual([]);
  });

  it('answers a tool call that was cut at max_tokens with an error and goes on; gives up when it happens again and again', async () => {
    const cut: Answer = {
      content: [{ ...use('note', {}), partialJson: '{"text": "ha' }],
      stopReason: 'max_tokens',
    };
    const t = await talk((_, n) => (n === 0 ? cut : finishing()));
    expect(t.ending.kind).toBe('finished');
    expect(t.ran).toEqual(['finish']);
    expect(t.requests[1].messages.at(-1)?.content).toMatchObject([{ type: 'tool_result', is_error: true }]);
    const always = await talk(() => cut);
    expect(always.ending).toMatchObject({ kind: 'failed' });
    expect(always.requests.length).toBeLessThan(6);
  });

  it('resumes pause_turn, records a refusal, and ends the sprint when the context is full', async () => {
    const paused = await talk((_, n) =>
      n === 0 ? { content: [say('wait')], stopReason: 'pause_turn' } : finishing(),
    );
    expect(paused.ending.kind).toBe('finished');
    expect(paused.requests[1].messages.at(-1)?.role).toBe('assistant');
    expect((await talk(() => ({ content: [say('I cannot.')], stopReason: 'refusal' }))).ending).toMatchObject(
      {
        kind: 'failed',
        reason: 'the model refused: I cannot.',
      },
    );
    expect(
      (await talk(() => ({ content: [], stopReason: 'model_context_window_exceeded' }))).ending,
    ).toMatchObject({
      kind: 'limit',
      of: 'sprint',
    });
  });

  it('bills a stream that was cut as a full reply', async () => {
    const t = await talk(
      once({ content: [say('half of it')], trouble: { afterEvents: 4, kind: 'disconnect' } }),
    );
    expect(t.turns.map((turn) => turn.message.stopReason)).toEqual(['tool_use', 'cut', 'tool_use']);
    expect(t.turns[1].usage.inputTokens).toBeGreaterThan(0);
    expect(t.turns[1].usd).toBeGreaterThan(
      costOf({ ...noUsage, outputTokens: 1000 }, priceOf('claude-haiku-5-5')),
    );
  });

  it('takes a reply of 10 MB', async () => {
    const t = await talk((_, n) =>
      n === 0 ? { content: [use('note', { text: 'x'.repeat(10 * 2 ** 20) })] } : finishing(),
    );
    expect(t.ending.kind).toBe('finished');
  });
});
