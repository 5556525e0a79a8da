import { afterEach, expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { type MessagesServer, startMessagesServer } from '#replay/server';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';

let server: MessagesServer | undefined;
afterEach(async () => {
  await server?.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
});

const look = (i: number) => call('bash', { command: `echo look ${i}; seq 1 ${200 + i}` });

/**
 * A sprint of 45 turns: reads by single calls and by several calls at once, a training run, and a hint in
 * the middle.
 */
const LONG: Step[] = [
  start('long'),
  ...Array.from({ length: 20 }, (_, i) => look(i)),
  ...Array.from({ length: 10 }, (_, i) => [look(100 + i), look(200 + i), look(300 + i)]),
  write(0.7),
  train(),
  wait,
  ...Array.from({ length: 10 }, (_, i) => look(400 + i)),
  finish(),
];

it('reads nearly all of its input from the cache in a long sprint', async () => {
  const requests: MessagesRequest[] = [];
  const script = scripted([LONG]);
  server = await startMessagesServer((request) => {
    requests.push(request);
    return script(request);
  });
  process.env.ANTHROPIC_API_KEY = 'sk-ant-test-0123456789';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const { code, events } = await loopIn(tinyRepository(), { researcher: 'claude', web: true, maxSprints: 1 });
  expect(code).toBe(0);
  const turns = events.filter((event) => event.type === 'turn.finished');
  expect(turns).toHaveLength(LONG.length);
  expect(turns.length).toBeGreaterThanOrEqual(40);

  // No part of an earlier request ever changes: no time, no number, no order.
  const prefix = ({ tools, system }: MessagesRequest) => JSON.stringify({ tools, system });
  for (const [i, request] of requests.entries()) {
    expect(prefix(request)).toBe(prefix(requests[0]));
    const before = requests[i - 1]?.messages ?? [];
    expect(request.messages.slice(0, before.length)).toEqual(before);
  }
  const input = turns.reduce((sum, { usage }) => sum + usage.inputTokens, 0);
  const cached = turns.reduce((sum, { usage }) => sum + usage.cachedInputTokens, 0);
  const usd = turns.reduce((sum, { usage }) => sum + usage.usd, 0);
  process.stdout.write(
    `${turns.length} turns, ${input} input tokens, ${((100 * cached) / input).toFixed(1)} % of them from the cache, ${usd.toFixed(4)} USD\n`,
  );
  expect(cached / input).toBeGreaterThan(0.9);
  // This is the optimum: each token is written to the cache once.
  expect(input - cached).toBeLessThanOrEqual(turns[turns.length - 1].usage.inputTokens);
});
