import { expect, it } from 'vitest';
import { costOf, knownPrice, nextCheaper, noUsage, priceOf } from './prices.ts';
import { billOf, lastReading } from './usage.ts';

const opus = priceOf('claude-opus-5-5');

it('bills cache tiers, compaction that stands in iterations alone, and searches', () => {
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
  const input = 5000 + 0.05 * 10_000 + 1.25 * 2000 + 2 * 1000;
  expect(billOf(raw, '5m', opus).usd).toBeCloseTo((input * 4 + 600 * 20) / 1e6 + 0.02, 10);
  expect(lastReading(raw, '5m')).toBe(1000);
  // Totals of a stream, of which only the first reading is split.
  const later = { ...raw, cache_creation_input_tokens: 3500 };
  for (const [ttl, factor] of [
    ['5m', 1.25],
    ['1h', 2],
  ] as const) {
    const more = (input + factor * 500) * 4;
    expect(billOf(later, ttl, opus).usd).toBeCloseTo((more + 600 * 20) / 1e6 + 0.02, 10);
  }
});

it('knows a rate for cache reads of each model', () => {
  const read = { ...noUsage, cacheReadTokens: 1e6 };
  expect(costOf(read, opus)).toBeCloseTo(0.2, 12);
  expect(costOf(read, priceOf('claude-sonnet-5-5'))).toBeCloseTo(0.1, 12);
  expect(costOf(read, priceOf('claude-fable-5-1'))).toBeCloseTo(0.25, 12);
  expect(costOf(read, priceOf('claude-opus-5'))).toBeCloseTo(0.5, 12);
});

it('asks five times as much of Haiku 5.5 for a prompt of more than 100,000 tokens, cache reads and writes included', () => {
  const haiku = priceOf('claude-haiku-5-5');
  const usage = (read: number) => ({
    input_tokens: 1000,
    cache_read_input_tokens: read,
    output_tokens: 1000,
  });
  const short = billOf(usage(99_000), '5m', haiku).usd;
  expect(short).toBeCloseTo((1000 * 0.1 + 99_000 * 0.01 + 1000 * 0.5) / 1e6, 12);
  expect(billOf(usage(99_001), '5m', haiku).usd).toBeCloseTo(5 * (short + 0.01 / 1e6), 12);
  // Each reading is a request of its own.
  const two = {
    input_tokens: 160_000,
    output_tokens: 10,
    iterations: [
      { type: 'message', input_tokens: 60_000, output_tokens: 5 },
      { type: 'message', input_tokens: 100_000, output_tokens: 5 },
    ],
  };
  expect(billOf(two, '5m', haiku).usd).toBeCloseTo((160_000 * 0.1 + 10 * 0.5) / 1e6, 12);
  two.iterations[1].input_tokens++;
  two.input_tokens++;
  expect(billOf(two, '5m', haiku).usd).toBeCloseTo(
    (60_000 * 0.1 + 5 * 0.5 + 5 * (100_001 * 0.1 + 5 * 0.5)) / 1e6,
    12,
  );
});

it('refuses a model whose price it does not know, and knows dated names and regional endpoints', () => {
  expect(priceOf('claude-opus-5-5-20260701')).toEqual(opus);
  expect(() => priceOf('claude-opus-9')).toThrow('has no price');
  expect(() => priceOf('claude-opus-5-5-mini')).toThrow('has no price');
  expect(knownPrice('claude-opus-5-5', true)).toMatchObject({ input: 4.4, output: 22, cacheRead: 0.05 });
});

it('asks the next cheaper model after a refusal, where nobody says whom', () => {
  expect(nextCheaper('claude-fable-5-1')).toBe('claude-opus-5');
  expect(nextCheaper('claude-opus-5-5')).toBe('claude-sonnet-5-5');
  expect(nextCheaper('claude-haiku-5-5')).toBeNull();
  expect(nextCheaper('a model without a price')).toBeNull();
});
