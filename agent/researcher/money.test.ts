import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startMessagesServer } from '#replay/server';
import { converse } from './converse.ts';
import { Bookkeeper, Call, dearest } from './fixtures/bookkeeper.ts';
import { billed, type CacheTtl, costOf, nextCheaper, noUsage, priceOf } from './prices.ts';
import { worstUsage } from './reserve.ts';

const model = 'claude-opus-5-5';
const price = priceOf(model);
const maxTokens = 2000;

it('knows what a call costs: cache tiers, compaction that stands in iterations alone, searches', () => {
  const raw = {
    input_tokens: 1000,
    output_tokens: 500,
    cache_read_input_tokens: 10_000,
    cache_creation_input_tokens: 3000,
    cache_creation: { ephemeral_5m_input_tokens: 2000, ephemeral_1h_input_tokens: 1000 },
    server_tool_use: { web_search_requests: 2 },
    iterations: [
      { type: 'message', input_tokens: 1000, output_tokens: 500 },
      { type: 'compaction', input_tokens: 4000, output_tokens: 100 },
    ],
  };
  const input = 5000 + 0.1 * 10_000 + 1.25 * 2000 + 2 * 1000;
  expect(costOf(billed(raw, '5m'), price)).toBeCloseTo((input * 4 + 600 * 20) / 1e6 + 0.02, 10);
  // Totals of a stream, of which only the first reading is split.
  const later = { ...raw, cache_creation_input_tokens: 3500 };
  for (const [ttl, factor] of [
    ['5m', 1.25],
    ['1h', 2],
  ] as const) {
    const more = (input + factor * 500) * 4;
    expect(costOf(billed(later, ttl), price)).toBeCloseTo((more + 600 * 20) / 1e6 + 0.02, 10);
  }
});

it('refuses a model whose price it does not know, and knows dated names', () => {
  expect(priceOf('claude-opus-5-5-20260701')).toEqual(price);
  expect(() => priceOf('claude-opus-9')).toThrow('has no price');
  expect(() => priceOf('claude-opus-5-5-mini')).toThrow('has no price');
});

it('asks the next cheaper model after a refusal, where nobody says whom', () => {
  expect(nextCheaper('claude-fable-5-1')).toBe('claude-opus-5');
  expect(nextCheaper('claude-opus-5-5')).toBe('claude-sonnet-5-5');
  expect(nextCheaper('claude-haiku-5-5')).toBeNull();
  expect(nextCheaper('a model without a price')).toBeNull();
});

it('reserves at least what a call can cost, in whatever tiers', () => {
  const tokens = fc.nat({ max: 100_000 });
  fc.assert(
    fc.property(
      tokens,
      tokens,
      tokens,
      fc.oneof(fc.constant(0), tokens),
      fc.nat({ max: maxTokens }),
      (a, b, c, d, out) => {
        const usage = {
          ...noUsage,
          inputTokens: a,
          cacheReadTokens: b,
          cacheWrite5mTokens: c,
          cacheWrite1hTokens: d,
        };
        const manner = { web: false, compacts: false, cacheTtl: d > 0 ? '1h' : '5m' } as const;
        const worst = worstUsage(a + b + c + d, maxTokens, manner);
        expect(costOf({ ...usage, outputTokens: out }, price)).toBeLessThanOrEqual(
          costOf(worst, price) + 1e-12,
        );
      },
    ),
  );
});

/** Nights in which everything is as dear as it can be, so that no bound is loose where it matters. */
const RATES = { tokensPerByte: 1, otherTokenizer: 1.5, unseen: 8000 };
type Night = [(typeof dearest)[], number, typeof RATES, number, boolean, CacheTtl];
const plain = { ...dearest, uses: 0 };
const WORST: Night[] = [
  [[dearest], 100, RATES, 100, true, '1h'],
  [
    [
      { ...dearest, ends: 'cut' },
      { ...dearest, ends: 'cut at once' },
    ],
    100,
    RATES,
    100_000,
    true,
    '5m',
  ],
  // What was heard before the cut tells less than the server did afterwards.
  [[{ ...dearest, ends: 'cut' }], 100, RATES, 100, true, '1h'],
  [[plain, { ...plain, ends: 'refused' }], 100, RATES, 250_000, true, '5m'],
  [[plain, { ...plain, ends: 'refused' }], 100, { ...RATES, tokensPerByte: 0.5 }, 50_000, false, '1h'],
  [[{ ...plain, cleared: 0.6 }, plain], 100, RATES, 50_000, false, '5m'],
];

it("never lets the server's own bill exceed the limit", async () => {
  const seen = { searches: 0, summaries: 0, refusals: 0, cuts: 0, fallbacks: 0, cleared: 0 };
  const fallback = { model: 'claude-sonnet-5-5', price: priceOf('claude-sonnet-5-5') };
  await fc.assert(
    fc.asyncProperty(
      fc.array(Call, { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0.05, max: 12, noNaN: true }),
      fc.record({
        tokensPerByte: fc.double({ min: 0.05, max: 1, noNaN: true }),
        otherTokenizer: fc.double({ min: 0.7, max: 1.5, noNaN: true }),
        unseen: fc.nat({ max: 8000 }),
      }),
      fc.constantFrom(100, 50_000, 250_000),
      fc.boolean(),
      fc.constantFrom('5m' as const, '1h' as const),
      async (night, limit, rates, promptBytes, web, cacheTtl) => {
        const books = new Bookkeeper({ night, rates, model, maxTokens, seen });
        const server = await startMessagesServer((request) => books.answer(request));
        const reserves: number[] = [];
        let spent = 0;
        const ending = await converse({
          connection: {
            kind: 'claude',
            label: '',
            model,
            price,
            fallback,
            web,
            manages: true,
            baseURL: server.url,
            apiKey: 'k',
            close: async () => {},
          },
          system: 'You spend money.',
          messages: [{ role: 'user', content: 'x'.repeat(promptBytes) }],
          onMessage: () => {},
          tools: [],
          maxTokens,
          effort: 'low',
          maxTurns: 12,
          stallMs: 5000,
          cacheTtl,
          ready: async () => {},
          mayCall: ({ usd }) => (spent + usd > limit ? { of: 'loop', reason: 'the limit' } : null),
          isFinished: () => false,
          stopRequested: () => (books.bills.length > 14 ? 'enough' : null),
          hints: () => [],
          onCall: ({ usd }) => reserves.push(usd),
          onFree: () => {},
          onNotice: () => {},
          onTurn: ({ usd }) => {
            spent += usd;
          },
          wait: async () => {},
          signal: new AbortController().signal,
        });
        await server.close();
        expect(['limit', 'stopped', 'failed']).toContain(ending.kind);
        const bill = books.bills.reduce((sum, usd) => sum + usd, 0);
        expect(bill).toBeLessThanOrEqual(limit);
        // Never less is written down than the server asks for, and no call costs more than was reserved for it.
        expect(bill).toBeLessThanOrEqual(spent + 1e-9);
        expect(reserves).toHaveLength(books.bills.length);
        for (const [n, usd] of books.bills.entries()) expect(usd).toBeLessThanOrEqual(reserves[n] + 1e-9);
      },
    ),
    { numRuns: 60, endOnFailure: true, examples: WORST },
  );
  // The nights had all of it.
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
}, 60_000);
