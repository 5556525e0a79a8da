import { expect, it } from 'vitest';
import type { MessagesRequest } from '../protocol.ts';
import { PromptCache } from './cache.ts';
import { TOOLS_OVERHEAD, tokensOf } from './tokens.ts';

const mark = (ttl = '5m') => ({ cache_control: { type: 'ephemeral', ttl } });
const words = (length: number) => 'w'.repeat(4 * length);
const request = (...content: object[]): MessagesRequest =>
  ({
    model: 'any',
    max_tokens: 1,
    stream: false,
    system: [{ type: 'text', text: words(2000), ...mark('1h') }],
    messages: [{ role: 'user', content }],
    ...mark(),
  }) as MessagesRequest;
const text = (length: number) => ({ type: 'text', text: words(length) });

it('writes up to each mark for as long as it says, and reads what is the same', () => {
  const cache = new PromptCache();
  const first = cache.read(request(text(3000)));
  expect(first).toMatchObject({ input_tokens: 0, cache_read_input_tokens: 0 });
  expect(first.cache_creation.ephemeral_1h_input_tokens).toBeGreaterThanOrEqual(2000);
  expect(first.cache_creation.ephemeral_1h_input_tokens).toBeLessThan(2050);
  expect(first.cache_creation.ephemeral_5m_input_tokens).toBeGreaterThanOrEqual(3000);
  const second = cache.read(request(text(3000), text(100)));
  expect(second.cache_read_input_tokens).toBe(first.cache_creation_input_tokens);
  expect(second.cache_creation.ephemeral_1h_input_tokens).toBe(0);
  const changed = cache.read(request(text(3001), text(100)));
  expect(changed.cache_read_input_tokens).toBe(first.cache_creation.ephemeral_1h_input_tokens);
});

it('finds what was stored 20 blocks before a mark, and no further', () => {
  const read = (blocks: number) => {
    const cache = new PromptCache();
    const all = Array.from({ length: blocks + 1 }, () => text(500));
    const { system, ...rest } = request(...all);
    cache.read({ ...rest, messages: [{ role: 'user', content: [text(500), text(500), text(500)] }] });
    return cache.read({
      ...rest,
      messages: [{ role: 'user', content: [...Array(3).fill(text(500)), ...all.slice(1)] }],
    });
  };
  expect(read(20).cache_read_input_tokens).toBeGreaterThan(1500);
  expect(read(21).cache_read_input_tokens).toBe(0);
});

it('stores nothing short, and each model stores for itself', () => {
  const cache = new PromptCache();
  const { system, ...short } = request(text(100));
  cache.read(short);
  expect(cache.read(short)).toMatchObject({ cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
  cache.read(request(text(100)));
  expect(cache.read({ ...request(text(100)), model: 'other' }).cache_read_input_tokens).toBe(0);
});

it('counts four bytes a token, files by a tenth of that, and something for tools', () => {
  expect(tokensOf('ü'.repeat(99))).toBe(50);
  expect(tokensOf({ data: 'A'.repeat(4000) })).toBeLessThan(110);
  const bare = { ...request(text(10)), system: undefined, cache_control: undefined };
  const one = new PromptCache().read(bare).input_tokens;
  const withTools = new PromptCache().read({ ...bare, tools: [{ name: 'a' }] }).input_tokens;
  expect(TOOLS_OVERHEAD).toBeGreaterThan(100);
  expect(withTools - one).toBe(TOOLS_OVERHEAD + tokensOf({ name: 'a' }));
});
