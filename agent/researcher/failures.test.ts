import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import type { Answer } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { reachedAt } from './connect/connect.ts';
import { classify } from './failures.ts';
import { finishing, type Script, say, talk, use } from './fixtures/talk.ts';
import { priceOf } from './prices.ts';

describe('what goes wrong between us and the API', () => {
  const once =
    (first: Answer): Script =>
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
    ['an overload that lasts', { status: 529, type: 'overloaded_error', message: 'Overloaded' }],
    [
      'a rate limit',
      {
        status: 429,
        type: 'rate_limit_error',
        message: 'Slow',
        headers: { 'retry-after': '77' },
      },
    ],
  ] as [string, Answer][])(
    'waits and sends the same turn again after %s; finished tools do not run again',
    async (what, fault) => {
      const t = await talk(once(fault), what === 'a silent stream' ? { stallMs: 1000 } : {});
      expect(t.ending).toEqual({ kind: 'finished' });
      expect(t.ran).toEqual(['note', 'finish']);
      expect(t.requests[2].messages).toEqual(t.requests[1].messages);
      expect(t.waits).toHaveLength(1);
      if ('status' in fault && fault.status === 429) expect(t.waits[0].seconds).toBe(77);
    },
  );

  it('waits longer and longer, up to 15 minutes, for hours', async () => {
    const busy: Answer = { status: 529, type: 'overloaded_error', message: 'Overloaded' };
    const t = await talk((_, n) => (n < 12 ? busy : finishing()));
    expect(t.ending.kind).toBe('finished');
    expect(t.waits.map((w) => w.seconds)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  it.each([
    [401, 'authentication_error', 'invalid x-api-key', 'fatal'],
    [402, 'billing_error', 'pay', 'fatal'],
    [403, 'permission_error', 'no', 'fatal'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the API', 'fatal'],
    [400, 'invalid_request_error', 'You have reached your specified API usage limits.', 'fatal'],
    [400, 'invalid_request_error', 'You have reached your specified workspace API usage limits.', 'fatal'],
    [400, 'invalid_request_error', 'messages: too strange', 'failed'],
    [404, 'not_found_error', 'model: claude-opus-9', 'failed'],
    [413, 'request_too_large', 'too large', 'failed'],
  ])('%i %s (%s) is %s, without another call', async (status, type, message, kind) => {
    const t = await talk(() => ({ status, type, message }));
    expect(t.ending.kind).toBe(kind);
    // In words, not as the JSON that it came in.
    expect(JSON.stringify(t.ending)).not.toContain('{\\"');
    if (kind === 'failed') expect(t.ending).toMatchObject({ reason: expect.stringContaining(message) });
    expect(t.requests).toHaveLength(1);
    expect(t.waits).toEqual([]);
  });

  it.each(['enforced_spend_limit_reached', 'contract_spend_limit_reached'])(
    '429 with the code %s is the end, with what the API says of it',
    async (errorCode) => {
      const message = 'Your organization has reached its limit until 2026-12-01.';
      const t = await talk(() => ({ status: 429, type: 'rate_limit_error', message, errorCode }));
      expect(t.ending).toMatchObject({ kind: 'fatal', reason: expect.stringContaining('until 2026-12-01') });
      expect(t.waits).toEqual([]);
    },
  );

  const page = '<!DOCTYPE html><title>Just a moment...</title>';
  it.each([
    [403, page, 'passing'],
    [400, page, 'passing'],
    [401, page, 'passing'],
    [502, page, 'passing'],
    [429, page, 'passing'],
    [404, page, 'broken'],
    [413, page, 'broken'],
    [401, '{"detail":"Unauthorized"}', 'fatal'],
    [403, '{"detail":"Forbidden by policy"}', 'passing'],
    [400, '{"detail":"bad"}', 'broken'],
  ])("%i with a body that is not the API's own (%s) is %s", async (status, body, kind) => {
    const error = await failureOf({ status, type: 'api_error', message: 'unused', body });
    expect(classify(error, reachedAt('http://127.0.0.1:1', 'key')).kind).toBe(kind);
  });

  it('takes the JSON of a cloud for its word', async () => {
    const error = await failureOf({
      status: 403,
      type: '',
      message: '',
      body: '{"message":"User is not authorized"}',
    });
    expect(classify(error, { via: 'bedrock', authHint: '' }).kind).toBe('fatal');
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

  const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
  it('resumes a paused turn where it stopped', async () => {
    const t = await talk(
      (_, n) => (n === 0 ? { content: [say('wait'), search], stopReason: 'pause_turn' } : finishing()),
      { web: true },
    );
    expect(t.ending.kind).toBe('finished');
    expect(t.requests[1].messages.map((m) => m.role)).toEqual(['user', 'assistant']);
    expect(t.mismatches).toBe(0);
  });

  it('says nothing of a reply that was cut while a search is pending: it is only sent again', async () => {
    const cut = { content: [search], stopReason: 'max_tokens' };
    const t = await talk((_, n) => (n === 0 ? cut : finishing()), { web: true });
    expect(t.ending.kind).toBe('finished');
    expect(t.requests[1].messages.map((m) => m.role)).toEqual(['user', 'assistant']);
  });

  it('asks again for a call whose input is not JSON, without a wait, and gives up when it happens again and again', async () => {
    const t = await talk((_, n) =>
      n === 0
        ? { content: [{ ...use('note'), partialJson: '{"text": nonsense}' }, use('note')] }
        : finishing(),
    );
    expect(t.ending.kind).toBe('finished');
    expect(t.ran).toEqual(['finish']);
    expect(t.waits).toEqual([]);
    expect(t.requests[1].messages.map((m) => m.role)).toEqual(['user', 'system']);
    expect(JSON.stringify(t.requests[1].messages[1].content)).toContain('not valid JSON');
    const always = await talk(() => ({ content: [{ ...use('note'), partialJson: '{"text": nonsense}' }] }));
    expect(always.ending.kind).toBe('failed');
    expect(always.requests.length).toBeLessThan(6);
  });

  it('waits where there is no network or no server, and that costs nothing', async () => {
    const gone = await startMessagesServer(() => finishing());
    await gone.close();
    for (const baseURL of ['http://no-such-host.invalid', gone.url]) {
      const waits: string[] = [];
      const t = await talk(() => finishing(), {
        baseURL,
        wait: async (_, reason) => void waits.push(reason),
        stopRequested: () => (waits.length === 3 ? 'enough' : null),
      });
      expect(t.ending.kind).toBe('stopped');
      expect(waits[0]).toMatch(/ENOTFOUND|EAI_AGAIN|ECONNREFUSED/);
      expect(t.free).toHaveLength(3);
      expect(t.turns).toEqual([]);
    }
  });

  it('books a stream that was cut at what was streamed, and holds the rest of what it can have cost', async () => {
    const words = 'half of it '.repeat(100);
    const t = await talk(once({ content: [say(words)], trouble: { afterEvents: 9, kind: 'disconnect' } }));
    expect(t.turns.map((turn) => turn.message.stopReason)).toEqual(['tool_use', 'cut', 'tool_use']);
    const [, { usage, usd, held }] = t.turns;
    const { output } = priceOf('claude-haiku-5-5');
    expect(usage.outputTokens).toBeGreaterThan(50);
    expect(usage.outputTokens).toBeLessThan(1000);
    // Beyond the booked cost, only the rest of a full reply can be charged.
    expect(held.usd).toBeCloseTo(((1000 - usage.outputTokens) * output) / 1e6, 12);
    expect(usd + held.usd).toBeLessThan(t.reserves[1].usd);
  });

  it('books 200 tokens for each second that a stream was silent before it was closed', async () => {
    const silent: Answer = { content: [say('half')], trouble: { afterEvents: 4, kind: 'silence' } };
    const began = performance.now();
    const t = await talk(once(silent), { stallMs: 1000, maxTokens: 32_000 });
    const seconds = (performance.now() - began) / 1000;
    expect(t.turns[1].usage.outputTokens).toBeGreaterThanOrEqual(200);
    expect(t.turns[1].usage.outputTokens).toBeLessThan(200 * seconds + 100);
  });

  it('takes pings for life, and waits for what comes after them', async () => {
    const pings: Answer = { content: [say('half')], trouble: { afterEvents: 4, kind: 'pings' } };
    const abort = new AbortController();
    // Pings come every 100 ms; under load some come late.
    setTimeout(() => abort.abort(), 2000);
    const t = await talk(once(pings), { stallMs: 1500, signal: abort.signal });
    expect(t.ending.kind).toBe('stopped');
    expect(t.requests).toHaveLength(2);
  });

  it('books a call of which nothing was heard at its likely input, and holds the rest; one that was refused costs nothing', async () => {
    const began = performance.now();
    const lost = await talk(once({ content: [], trouble: { afterEvents: 0, kind: 'disconnect' } }));
    const seconds = (performance.now() - began) / 1000;
    // The call is booked at its input and a moment of silence.
    expect(lost.turns[1].usd).toBeGreaterThanOrEqual(lost.likelies[1].usd);
    expect(lost.turns[1].usage.outputTokens).toBeLessThan(200 * seconds + 20);
    expect(lost.turns[1].usd + lost.turns[1].held.usd).toBeCloseTo(lost.reserves[1].usd, 9);
    expect(lost.free).toEqual([]);
    const busy = await talk(once({ status: 529, type: 'overloaded_error', message: 'Overloaded' }));
    expect(busy.free).toHaveLength(1);
    expect(busy.turns).toHaveLength(2);
    for (const t of [lost, busy]) expect(t.reserves).toHaveLength(t.requests.length);
  });

  it('takes a reply of 10 MB', async () => {
    const t = await talk((_, n) =>
      n === 0 ? { content: [use('note', { text: 'x'.repeat(10 * 2 ** 20) })] } : finishing(),
    );
    expect(t.ending.kind).toBe('finished');
  });
});

/** What the SDK throws for an answer of a real server. */
async function failureOf(answer: Answer): Promise<unknown> {
  const server = await startMessagesServer(() => answer);
  const client = new Anthropic({
    apiKey: null,
    authToken: 'key',
    baseURL: server.url,
    maxRetries: 0,
    logLevel: 'off',
  });
  const asked = {
    model: 'claude-opus-5',
    max_tokens: 10,
    messages: [{ role: 'user' as const, content: 'Hi.' }],
  };
  const error = await client.messages.create(asked).catch((thrown: unknown) => thrown);
  await server.close();
  return error;
}
