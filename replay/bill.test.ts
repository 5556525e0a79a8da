import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { found, plain, post, say, search, serve, text, WEB } from './fixtures/serve.ts';
import type { Answer, Trouble } from './protocol.ts';
import type { ServerOptions } from './server.ts';

const ask = { model: 'any', max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Hello' }] };
const LONG = 'w'.repeat(400);
const troubled = (trouble: Trouble, answer: Answer = say(LONG)): Answer => ({ ...answer, trouble });

/**
 * Makes one call and returns its bill. `leaves`: the client leaves so many milliseconds after the server has
 * the request and the client has heard so many events. `seconds`: from the call to the bill.
 */
async function billed(
  answer: Answer,
  options: ServerOptions = {},
  leaves: { ms: number; events: number } | null = null,
  over: object = {},
) {
  let asked = false;
  let heard = 0;
  const { client, bills } = await serve(() => {
    asked = true;
    return answer;
  }, options);
  const began = performance.now();
  const stream = client.beta.messages.stream({ ...ask, ...over });
  stream.on('streamEvent', () => heard++);
  const done = stream.finalMessage().catch(() => null);
  if (leaves) {
    await expect.poll(() => asked && heard >= leaves.events).toBe(true);
    await sleep(leaves.ms);
    stream.abort();
  }
  const message = await done;
  await expect.poll(() => bills.length).toBeGreaterThan(0);
  const seconds = (performance.now() - began) / 1000;
  await sleep(20);
  const [bill, ...more] = bills;
  if (!bill || more.length > 0) throw new Error(`${bills.length} bills for one call`);
  return { ...bill, message, seconds };
}

describe('a bill', () => {
  it('is the usage of a whole reply, the script’s own where it has one', async () => {
    const { usage, cut, n, message, request } = await billed(say('hi'));
    expect(cut).toBe(false);
    expect(n).toBe(0);
    expect(request.messages).toEqual(ask.messages);
    expect(message?.usage).toMatchObject({
      input_tokens: usage.input_tokens,
      output_tokens: usage.output_tokens,
    });
    const own = await billed({ ...say('hi'), usage: { input_tokens: 5, output_tokens: 6 } });
    expect(own.usage).toMatchObject({ input_tokens: 5, output_tokens: 6 });
    expect(own.usage.iterations).toBeUndefined();
  });

  it('comes for replies without a stream, and not for errors', async () => {
    const answers: Answer[] = [
      { status: 529, type: 'overloaded_error', message: 'Overloaded' },
      say('hi'),
      {
        status: 429,
        type: 'rate_limit_error',
        message: 'No more',
        errorCode: 'enforced_spend_limit_reached',
      },
    ];
    const { url, bills } = await serve(() => answers.shift() ?? say('unused'));
    await post(url, plain);
    await post(url, plain);
    expect(await post(url, plain)).toMatchObject({
      status: 429,
      error: { type: 'rate_limit_error', details: { error_code: 'enforced_spend_limit_reached' } },
    });
    await post(url, { ...plain, messages: [] });
    expect(bills.map(({ n, cut }) => ({ n, cut }))).toEqual([{ n: 1, cut: false }]);
  });

  it.each(['disconnect', 'error'] as const)('of a reply cut by %s has what was sent', async (kind) => {
    const whole = await billed(say(LONG));
    const { cut, usage } = await billed(troubled({ afterEvents: 4, kind }));
    expect(cut).toBe(true);
    expect(usage).toMatchObject({ input_tokens: whole.usage.input_tokens });
    expect(usage.output_tokens).toBeGreaterThanOrEqual(100);
    expect(usage.output_tokens).toBeLessThan(115);
    const atOnce = await billed(troubled({ afterEvents: 0, kind }));
    expect(atOnce.usage).toMatchObject({ input_tokens: whole.usage.input_tokens });
    expect(atOnce.usage.output_tokens).toBeLessThan(15);
  });

  it.each(['silence', 'pings'] as const)(
    'of a reply that ends in %s goes on until the client leaves',
    async (kind) => {
      // The first of the four is a ping, which the SDK does not tell.
      const left = { ms: 300, events: 3 };
      const slow = { tokensPerSecond: 500 };
      const { cut, usage, seconds } = await billed(troubled({ afterEvents: 4, kind }), slow, left);
      expect(cut).toBe(true);
      expect(usage.output_tokens).toBeGreaterThanOrEqual(100 + 0.29 * 500);
      expect(usage.output_tokens).toBeLessThan(115 + seconds * 500);
      const capped = await billed(troubled({ afterEvents: 4, kind }), { tokensPerSecond: 1e6 }, left);
      expect(capped.usage.output_tokens).toBe(ask.max_tokens);
    },
  );

  it('comes when the client leaves before the first byte', async () => {
    const late = { ...say('hi'), delay: 60_000 };
    const { cut, usage } = await billed(late, { tokensPerSecond: 100 }, { ms: 200, events: 0 });
    expect(cut).toBe(true);
    expect(usage.input_tokens).toBeGreaterThan(0);
    expect(usage.output_tokens).toBeGreaterThan(18);
  });

  it('comes when the client leaves without having asked for a stream', async () => {
    const leaving = new AbortController();
    const { client, bills } = await serve(() => {
      leaving.abort();
      return { ...say('hi'), delay: 60_000 };
    });
    await client.beta.messages.create(ask, { signal: leaving.signal }).catch(() => null);
    await expect.poll(() => bills).toMatchObject([{ cut: true }]);
  });

  it('has a reading more for each server tool that was seen', async () => {
    const content = [
      search('srvtoolu_1'),
      found('srvtoolu_1'),
      search('srvtoolu_2'),
      found('srvtoolu_2'),
      text(LONG),
    ];
    const events = [2, 5, 8, 10];
    const readings = [];
    for (const afterEvents of events) {
      const { usage } = await billed(troubled({ afterEvents, kind: 'disconnect' }, { content }), {}, null, {
        tools: [WEB],
      });
      const iterations = usage.iterations as { input_tokens: number }[];
      const sum = iterations.reduce((all, one) => all + one.input_tokens, 0);
      expect(usage.input_tokens).toBe(sum);
      readings.push([
        iterations.length,
        (usage.server_tool_use as { web_search_requests: number })?.web_search_requests,
      ]);
    }
    expect(readings).toEqual([
      [1, undefined],
      [2, 1],
      [3, 2],
      [3, 2],
    ]);
  });

  it('of a cut reply takes the readings that the script names', async () => {
    const usage = {
      input_tokens: 700,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 30,
      output_tokens: 5,
    };
    const bill = await billed(troubled({ afterEvents: 4, kind: 'disconnect' }, { ...say(LONG), usage }));
    expect(bill.usage).toMatchObject({
      input_tokens: 700,
      cache_read_input_tokens: 20,
      cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 0 },
    });
  });

  it('counts thinking that was seen, but for its signature', async () => {
    const bill = await billed(
      troubled({ afterEvents: 5, kind: 'disconnect' }, { ...say(LONG), thinkingTokens: 300 }),
      {},
      null,
      { model: 'claude-opus-5-5' },
    );
    expect(bill.usage.output_tokens).toBeGreaterThanOrEqual(300);
    expect(bill.usage.output_tokens).toBeLessThan(315);
  });
});

it('pings and nothing else keep a stream alive', async () => {
  const { client } = await serve(() => troubled({ afterEvents: 3, kind: 'pings' }));
  const response = await client.beta.messages.create({ ...ask, stream: true }).asResponse();
  const reader = response.body?.getReader();
  let heard = '';
  while (heard.split('event: ping').length - 1 < 4) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    expect(done, heard).toBe(false);
    heard += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  expect(heard).not.toContain('message_stop');
});
