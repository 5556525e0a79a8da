import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { reach, reachedAt } from './connect/connect.ts';
import { converse } from './converse.ts';
import { Bookkeeper, Call, dearest } from './fixtures/bookkeeper.ts';
import { charged } from './fixtures/books.ts';
import { finishing, prompt, type Script, say, talk, use } from './fixtures/talk.ts';
import { openingOf } from './opening.ts';
import { type CacheTtl, priceOf } from './prices.ts';

/** Nights with the highest costs possible, so that the bounds are tested where they are tight. */
const RATES = { tokensPerByte: 1, otherTokenizer: 1.5, unseen: 8000 };
const plain = { ...dearest, searches: [], pages: [] };
interface Night {
  calls: (typeof dearest)[];
  limit: number;
  rates: typeof RATES;
  promptBytes: number;
  web: boolean;
  cacheTtl: CacheTtl;
  model: 'claude-opus-5-5' | 'claude-haiku-5-5';
}
const opus = {
  limit: 100,
  rates: RATES,
  promptBytes: 100,
  web: true,
  cacheTtl: '1h',
  model: 'claude-opus-5-5',
} as const;
const WORST: Night[] = [
  { ...opus, calls: [dearest] },
  {
    ...opus,
    calls: [
      { ...dearest, ends: 'cut' },
      { ...dearest, ends: 'cut at once' },
    ],
    promptBytes: 100_000,
    cacheTtl: '5m',
  },
  // The stream before the cut does not show all that the server did afterwards.
  { ...opus, calls: [{ ...dearest, ends: 'cut late' }] },
  { ...opus, calls: [plain, { ...plain, ends: 'refused' }], promptBytes: 250_000, cacheTtl: '5m' },
  {
    ...opus,
    calls: [plain, { ...plain, ends: 'refused' }],
    rates: { ...RATES, tokensPerByte: 0.5 },
    promptBytes: 50_000,
    web: false,
  },
  { ...opus, calls: [{ ...plain, cleared: 0.6 }, plain], promptBytes: 50_000, web: false, cacheTtl: '5m' },
  // Prompts on both sides of the length from which Haiku charges five times as much.
  { ...opus, calls: [plain, dearest], promptBytes: 90_000, model: 'claude-haiku-5-5', limit: 1 },
  // The money runs out while the web is on, so the web is withdrawn.
  { ...opus, calls: [plain], limit: 3 },
];

it("never lets the server's own bill exceed the limit", async () => {
  const seen = { searches: 0, summaries: 0, refusals: 0, cuts: 0, fallbacks: 0, cleared: 0, withdrawn: 0 };
  const maxTokens = 5000;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        calls: fc.array(Call, { minLength: 1, maxLength: 12 }),
        limit: fc.double({ min: 0.05, max: 12, noNaN: true }),
        rates: fc.record({
          tokensPerByte: fc.double({ min: 0.05, max: 1, noNaN: true }),
          otherTokenizer: fc.double({ min: 0.7, max: 1.5, noNaN: true }),
          unseen: fc.nat({ max: 8000 }),
        }),
        promptBytes: fc.constantFrom(100, 50_000, 250_000),
        web: fc.boolean(),
        cacheTtl: fc.constantFrom('5m' as const, '1h' as const),
        model: fc.constantFrom('claude-opus-5-5' as const, 'claude-haiku-5-5' as const),
      }),
      async ({ calls, limit, rates, promptBytes, web, cacheTtl, model }) => {
        const books = new Bookkeeper({ night: calls, rates, model, seen });
        const bills: number[] = [];
        const server = await startMessagesServer((request) => books.answer(request), {
          onBill: ({ request, usage }) => bills.push(charged(request.model, usage)),
        });
        const fallback = model === 'claude-opus-5-5' ? 'claude-sonnet-5-5' : null;
        let [spent, held, reserved, asked] = [0, 0, 0, 0];
        const ending = await converse({
          connection: {
            ...{ kind: 'claude', label: '', model, price: priceOf(model), web, lacks: new Set() },
            fallback: fallback && { model: fallback, price: priceOf(fallback) },
            ...{ reached: reachedAt(server.url, 'k'), close: async () => {} },
          },
          opening: openingOf('You spend money.', [], web),
          messages: [prompt('x'.repeat(promptBytes))],
          ...{ tools: [], maxTokens, effort: 'low', maxTurns: 12, stallMs: 5000, cacheTtl, unsaid: [] },
          ...{
            onMessage: () => {},
            onRetract: () => {},
            onModel: () => {},
            onFree: () => {},
            onNotice: () => {},
          },
          ready: async () => {},
          room: () => ({ usd: limit - spent - held, tokens: Number.POSITIVE_INFINITY }),
          mayCall: ({ reserve: { usd } }) => {
            if (spent + held + usd > limit) return { code: 'money', reason: 'the limit' };
            asked++;
            reserved = usd;
            return null;
          },
          isFinished: () => false,
          stopRequested: () => (asked > 14 ? 'enough' : null),
          hints: () => [],
          onSearch: () => {},
          onTurn: (turn) => {
            spent += turn.usd;
            held += turn.held.usd;
            // What is booked and held for a call is never more than was reserved for it.
            expect(turn.usd + turn.held.usd).toBeLessThanOrEqual(reserved + 1e-9);
          },
          wait: async () => {},
          signal: new AbortController().signal,
        });
        await server.close();
        expect(server.violations).toEqual([]);
        expect(['limit', 'stopped', 'failed']).toContain(ending.kind);
        const bill = bills.reduce((sum, usd) => sum + usd, 0);
        expect(bill).toBeLessThanOrEqual(limit);
        // The money set aside is never less than the server's bill.
        expect(bill).toBeLessThanOrEqual(spent + held + 1e-9);
      },
    ),
    {
      numRuns: Number(process.env.NIGHTS ?? 40),
      endOnFailure: true,
      examples: WORST.map((night): [Night] => [night]),
    },
  );
  // Every kind of event happened in the nights.
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
});

describe('a call that was cut', () => {
  const cutAfter = (afterEvents: number, content: object[] = [say('word '.repeat(400))]) => {
    const bills: number[] = [];
    const began = performance.now();
    const night = talk(
      (_, n) =>
        n === 0 ? { content: content as never, trouble: { afterEvents, kind: 'disconnect' } } : finishing(),
      {
        web: true,
        maxTokens: 32_000,
        connection: { model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') },
        server: { onBill: ({ request, usage }) => bills.push(charged(request.model, usage)) },
      },
    );
    return night.then((t) => ({
      ...t,
      bill: bills[0],
      booked: t.turns[0].usd,
      held: t.turns[0].held.usd,
      reserve: t.reserves[0].usd,
      // What is booked for the time until a cut is noticed, which load makes longer: 200 tokens a second.
      late: (((performance.now() - began) / 1000) * 200 * priceOf('claude-opus-5-5').output) / 1e6,
    }));
  };

  it.each([0, 1, 4, 7, 9, 11])(
    'after %i events is booked near its bill, and holds at most a full reply',
    async (events) => {
      const { bill, booked, held, reserve, late, ending } = await cutAfter(events);
      expect(ending.kind).toBe('finished');
      expect(booked).toBeLessThan(1.3 * bill + 0.002 + late);
      expect(booked + held).toBeGreaterThanOrEqual(bill);
      expect(booked + held).toBeLessThanOrEqual(reserve);
      // Only web uses that were streamed can be charged.
      if (events > 0) expect(held).toBeLessThan(0.65);
    },
  );

  it('holds more for a search that it was in, and the web stays', async () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
    const { held, bill, booked, late, requests } = await cutAfter(9, [search, say('found')]);
    expect(held).toBeGreaterThan(0.65);
    expect(held).toBeLessThan(1.1);
    expect(booked).toBeLessThan(1.3 * bill + 0.002 + late);
    expect(JSON.stringify(requests[1].messages)).not.toContain('tool_removal');
  });

  it('holds nothing of the web that was not seen, and nothing that the server had no time for', async () => {
    const cuts: Answer[] = [
      { content: [say('x')], trouble: { afterEvents: 0, kind: 'disconnect' } },
      { content: [say('x')], trouble: { afterEvents: 0, kind: 'error', type: 'overloaded_error' } },
    ];
    const bills: number[] = [];
    const t = await talk((_, n) => cuts[n] ?? finishing(), {
      web: true,
      maxTokens: 32_000,
      connection: { model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') },
      server: { onBill: ({ request, usage }) => bills.push(charged(request.model, usage)) },
    });
    expect(t.ending.kind).toBe('finished');
    const [lost, ended] = t.turns;
    expect(lost.held.usd).toBeLessThan(0.75);
    expect(ended.held.usd).toBeLessThan(0.1);
    for (const [n, { usd, held }] of [lost, ended].entries())
      expect(usd + held.usd).toBeGreaterThanOrEqual(bills[n]);
  });

  it('is told apart while it searches: a loop that dies in it holds no search that it had not begun', async () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } };
    const script: Script = (_, n) =>
      n === 1 ? { content: [search, use('note')] } : n === 0 ? { content: [use('note')] } : finishing();
    const t = await talk(script, {
      web: true,
      maxTokens: 32_000,
      connection: { model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') },
    });
    expect(t.ending.kind).toBe('finished');
    expect(t.searches).toEqual([2]);
    expect(t.plains[0].usd).toBeLessThan(0.75);
    expect(t.reserves[0].usd).toBeGreaterThan(2);
    // The third call began with the search of the second.
    expect(t.plains[2].usd).toBeGreaterThan(0.75);
  });

  it('is free where it never left: no server, and a proxy that opens no connection', async () => {
    const silent = createServer((socket) => socket.once('data', () => socket.destroy())).listen(
      0,
      '127.0.0.1',
    );
    const refusing = createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n')),
    ).listen(0, '127.0.0.1');
    await Promise.all([silent, refusing].map((server) => once(server, 'listening')));
    const proxied = async (server: Server) => {
      const { port } = server.address() as AddressInfo;
      return reach({
        via: 'api',
        env: {
          ANTHROPIC_API_KEY: 'key',
          ANTHROPIC_BASE_URL: 'https://api.invalid',
          HTTPS_PROXY: `http://127.0.0.1:${port}`,
        },
      });
    };
    const ways = [await proxied(silent), await proxied(refusing), reachedAt('http://127.0.0.1:9', 'key')];
    for (const reached of ways) {
      let waits = 0;
      const t = await talk(() => finishing(), {
        connection: { reached },
        wait: async () => void waits++,
        stopRequested: () => (waits === 3 ? 'enough' : null),
      });
      expect(t.ending.kind).toBe('stopped');
      expect(t.turns).toEqual([]);
      expect(t.free).toHaveLength(3);
    }
    silent.close();
    refusing.close();
  });
});

describe('the room of a reply', () => {
  const model = { model: 'claude-opus-5-5', price: priceOf('claude-opus-5-5') };
  it('shrinks with the money that is left, and the researcher is told to come to its end', async () => {
    let left = 1;
    const t = await talk((_, n) => (n < 6 ? { content: [use('note')] } : finishing()), {
      connection: model,
      maxTokens: 32_000,
      room: () => ({ usd: left, tokens: Number.POSITIVE_INFINITY }),
      mayCall: ({ reserve }) => (reserve.usd > left ? { code: 'money', reason: 'no money' } : null),
      onTurn: () => {
        left -= 0.14;
      },
    });
    expect(t.ending.kind).toBe('finished');
    const rooms = t.requests.map((request) => request.max_tokens);
    expect(rooms[0]).toBeLessThan(25_000);
    expect(rooms.every((room, i) => i === 0 || room <= rooms[i - 1])).toBe(true);
    expect(rooms.at(-1)).toBeGreaterThanOrEqual(4000);
    expect(JSON.stringify(t.messages).split('The limits of this loop are nearly reached')).toHaveLength(2);
  });

  it('ends the conversation where not even a short reply can be paid', async () => {
    const t = await talk(() => finishing(), {
      connection: model,
      maxTokens: 32_000,
      room: () => ({ usd: 0.05, tokens: Number.POSITIVE_INFINITY }),
      mayCall: ({ reserve }) => (reserve.usd > 0.05 ? { code: 'money', reason: 'no money' } : null),
    });
    expect(t.ending).toEqual({ kind: 'limit', code: 'money', reason: 'no money' });
    expect(t.requests).toEqual([]);
  });
});
