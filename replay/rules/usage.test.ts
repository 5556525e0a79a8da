import { expect, it } from 'vitest';
import { found, search, text } from '../fixtures/serve.ts';
import type { AnswerBlock } from '../protocol.ts';
import { tokensOf } from './tokens.ts';
import { totalOf, usageOf } from './usage.ts';

const first = {
  input_tokens: 10,
  cache_read_input_tokens: 100,
  cache_creation_input_tokens: 50,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 50 },
};
const usage = (content: AnswerBlock[], over: object = {}) =>
  usageOf({ content, first, kept: 30, maxTokens: 10_000, thinkingTokens: 7, ...over });
const thinking = { type: 'thinking', thinking: '', signature: 's'.repeat(500) };
const t = (...blocks: object[]) => blocks.reduce((sum, block) => sum + tokensOf(block), 0);

it('one reading, and what was written: hidden thinking too, its signature not', () => {
  const words = text('hello');
  expect(usage([thinking, words])).toEqual({
    ...first,
    output_tokens: 7 + t(words),
    output_tokens_details: { thinking_tokens: 7 },
    iterations: [{ type: 'message', ...first, output_tokens: 7 + t(words) }],
  });
});

it('reads all again after each round of server tools, from the cache what was in it', () => {
  const [a, b, c, d] = [search('srvtoolu_1'), found('srvtoolu_1'), search('srvtoolu_2'), found('srvtoolu_2')];
  const words = text('hello');
  const whole = usage([thinking, a, b, c, d, words]);
  const again = { cache_read_input_tokens: 150, cache_creation_input_tokens: 0 };
  expect(whole.iterations).toMatchObject([
    { ...first, output_tokens: 7 + t(a) },
    { ...again, input_tokens: 10 + 7 + t(a, b), output_tokens: t(c) },
    { ...again, input_tokens: 10 + 7 + t(a, b, c, d), output_tokens: t(words) },
  ]);
  expect(whole).toMatchObject(totalOf(whole.iterations));
  expect(whole.server_tool_use).toEqual({ web_search_requests: 2, web_fetch_requests: 0 });
});

it('two searches at once are one round; what was pending is read the first time', () => {
  const [a, b, c, d] = [search('srvtoolu_1'), found('srvtoolu_1'), search('srvtoolu_2'), found('srvtoolu_2')];
  expect(usage([a, c, b, d, text('x')]).iterations).toHaveLength(2);
  const late = usage([b, text('x')]);
  expect(late.iterations).toMatchObject([{ input_tokens: 10 + t(b) }]);
  expect(late.server_tool_use?.web_search_requests).toBe(1);
});

it('a summary is a pass of its own, after which only it is read', () => {
  const summary = { type: 'compaction', content: 'So far.' };
  const whole = usage([summary, text('x')]);
  expect(whole.iterations).toMatchObject([
    { type: 'compaction', ...first, output_tokens: tokensOf('So far.') },
    { type: 'message', input_tokens: 30 + tokensOf('So far.'), cache_read_input_tokens: 0 },
  ]);
  expect(whole.cache_read_input_tokens).toBe(0);
});

it('writes max_tokens at most', () => {
  const whole = usage([thinking, search('srvtoolu_1'), found('srvtoolu_1'), text('x'.repeat(900))], {
    maxTokens: 50,
  });
  expect(whole.output_tokens).toBe(50);
});
