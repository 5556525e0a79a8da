import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Answer, MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { converse } from './converse.ts';
import { billed, costOf, noUsage, priceOf, type RawUsage, reserveOf } from './prices.ts';

const model = 'claude-opus-5-5';
const price = priceOf(model);
const maxTokens = 2000;

it('knows what a call costs: cache tiers, compaction that stands in iterations alone, searches', () => {
  const usage = billed({
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
  });
  const input = 5000 + 0.1 * 10_000 + 1.25 * 2000 + 2 * 1000;
  expect(costOf(usage, price)).toBeCloseTo((input * 4 + 600 * 20) / 1e6 + 0.02, 10);
});

it('refuses a model whose price it does not know, and knows dated names', () => {
  expect(priceOf('claude-opus-5-5-20260701')).toEqual(price);
  expect(() => priceOf('claude-opus-9')).toThrow('has no price');
  expect(() => priceOf('claude-opus-5-5-mini')).toThrow('has no price');
});

it('reserves at least what a call can cost', () => {
  const tokens = fc.nat({ max: 100_000 });
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, fc.nat({ max: maxTokens }), (a, b, c, d, out) => {
      const usage = {
        ...noUsage,
        inputTokens: a,
        cacheReadTokens: b,
        cacheWrite5mTokens: c,
        cacheWrite1hTokens: d,
      };
      const reserve = reserveOf({ inputTokens: a + b + c + d, maxTokens }, price);
      expect(costOf({ ...usage, outputTokens: out }, price)).toBeLessThanOrEqual(reserve + 1e-12);
    }),
  );
});

/** One call of a made-up night: what share of the tokens is billed where, how much is said, and whether the stream is cut. */
const Call = fc.record({
  read: fc.double({ min: 0, max: 1, noNaN: true }),
  written: fc.double({ min: 0, max: 1, noNaN: true }),
  hour: fc.boolean(),
  said: fc.nat({ max: 3000 }),
  cut: fc.boolean(),
});

it("never lets the server's own bill exceed the limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Call, { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0.01, max: 0.3, noNaN: true }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      async (night, limit, tokensPerByte) => {
        let bill = 0;
        let n = 0;
        const answer = (request: MessagesRequest): Answer => {
          const { read, written, hour, said, cut } = night[n++ % night.length];
          const { messages, system, tools } = request;
          const bytes = Buffer.byteLength(JSON.stringify({ messages, system, tools }));
          const total = Math.floor(bytes * tokensPerByte);
          const cacheRead = Math.floor(total * read);
          const cacheWrite = Math.floor((total - cacheRead) * written);
          const text = 'word '.repeat(said);
          const usage: RawUsage = {
            input_tokens: total - cacheRead - cacheWrite,
            cache_read_input_tokens: cacheRead,
            cache_creation_input_tokens: cacheWrite,
            cache_creation: {
              ephemeral_5m_input_tokens: hour ? 0 : cacheWrite,
              ephemeral_1h_input_tokens: hour ? cacheWrite : 0,
            },
            output_tokens: Math.min(maxTokens, Math.ceil(text.length * tokensPerByte)),
          };
          // A cut stream is billed for all that was said before the cut; here, everything.
          bill += costOf(billed(usage), price);
          const content = [
            { type: 'text', text },
            { type: 'tool_use', name: 'nothing', input: {} },
          ];
          const trouble = cut ? { afterEvents: 6, kind: 'disconnect' as const } : undefined;
          return { content, usage: { ...usage }, trouble };
        };
        const server = await startMessagesServer(answer);
        let spent = 0;
        const ending = await converse({
          connection: {
            kind: 'claude',
            label: '',
            model,
            price,
            baseURL: server.url,
            apiKey: 'k',
            close: async () => {},
          },
          system: 'You spend money.',
          messages: [{ role: 'user', content: 'Begin.' }],
          onMessage: () => {},
          tools: [],
          maxTokens,
          effort: 'low',
          maxTurns: 12,
          stallMs: 5000,
          ready: async () => {},
          mayCall: ({ usd }) => (spent + usd > limit ? { of: 'loop', reason: 'the limit' } : null),
          isFinished: () => false,
          stopRequested: () => (n > 14 ? 'enough' : null),
          hints: () => [],
          onTurn: ({ usd }) => {
            spent += usd;
          },
          wait: async () => {},
          signal: new AbortController().signal,
        });
        await server.close();
        expect(['limit', 'stopped']).toContain(ending.kind);
        expect(bill).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
}, 30_000);
