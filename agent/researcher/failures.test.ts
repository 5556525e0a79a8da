import { describe, expect, it } from 'vitest';
import type { Answer } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { finishing, type Script, say, talk, use } from './fixtures/talk.ts';
import { costOf, noUsage, priceOf } from './prices.ts';

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
    [400, 'invalid_request_error', 'messages: too strange', 'failed'],
    [413, 'request_too_large', 'too large', 'failed'],
  ])('%i %s (%s) is %s, without another call', async (status, type, message, kind) => {
    const t = await talk(() => ({ status, type, message }));
    expect(t.ending.kind).toBe(kind);
    // In words, not as the JSON that it came in.
    expect(JSON.stringify(t.ending)).not.toContain('{\\"');
    if (kind === 'failed') expect(t.ending).toMatchObject({ reason: `${status} ${type}: ${message}` });
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

  it('resumes a paused turn where it stopped', async () => {
    const t = await talk((_, n) =>
      n === 0 ? { content: [say('wait')], stopReason: 'pause_turn' } : finishing(),
    );
    expect(t.ending.kind).toBe('finished');
    expect(t.requests[1].messages.at(-1)).toMatchObject({ role: 'assistant', content: [{ text: 'wait' }] });
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
    expect(t.requests[1].messages.map((m) => m.role)).toEqual(['user', 'user']);
    expect(t.requests[1].messages[1].content).toContain('not valid JSON');
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
        connection: { baseURL },
        wait: async (_, reason) => void waits.push(reason),
        stopRequested: () => (waits.length === 3 ? 'enough' : null),
      });
      expect(t.ending.kind).toBe('stopped');
      expect(waits[0]).toMatch(/ENOTFOUND|EAI_AGAIN|ECONNREFUSED/);
      expect(t.free).toHaveLength(3);
      expect(t.turns).toEqual([]);
    }
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

  it('counts a call of which nothing was heard with all of its reserve, and one that was refused with nothing', async () => {
    const lost = await talk(once({ content: [], trouble: { afterEvents: 0, kind: 'disconnect' } }));
    expect(lost.turns[1].usd).toBeCloseTo(lost.reserves[1].usd, 12);
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
