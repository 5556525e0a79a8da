import { expect, it } from 'vitest';
import { bad, NOTE, text, user, verdict } from '../fixtures/serve.ts';

const mark = (ttl?: string) => ({ cache_control: { type: 'ephemeral', ...(ttl ? { ttl } : {}) } });

it('takes four marks, the one of the request included', async () => {
  const blocks = (count: number) => ({
    ...mark(),
    tools: [{ ...NOTE, ...mark() }],
    messages: [user(Array.from({ length: count }, () => ({ ...text('a'), ...mark() })))],
  });
  expect(await verdict(blocks(2))).toBeNull();
  expect(await verdict(blocks(3))).toBe(
    bad('A maximum of 4 blocks with cache_control may be provided. Found 5.'),
  );
});

it('takes long marks before short ones only', async () => {
  const two = (first: string, second: string) => ({
    system: [{ ...text('a'), ...mark(first) }],
    ...mark(second),
  });
  expect(await verdict(two('1h', '5m'))).toBeNull();
  expect(await verdict(two('5m', '1h'))).toContain(bad("cache_control.ttl: a ttl='1h' cache_control block"));
});
