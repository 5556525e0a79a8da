import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { loopIn, tinyHouse } from './fixtures/house.ts';
import { emptyFolder } from './fixtures/repo.ts';
import { call, finish, scripted, start } from './fixtures/scripted.ts';
import { Hints } from './hints.ts';

it('tells lines that were added, a rewrite whole, and nothing twice', () => {
  const repo = emptyFolder();
  const write = (text: string) => writeFileSync(join(repo, 'HINTS.md'), text);
  write('Known.\n');
  const hints = new Hints(repo);
  expect(hints.fresh()).toBeNull();
  write('Known.\nTry sorting.\n');
  expect(hints.fresh()).toBe('Try sorting.');
  expect(hints.fresh()).toBeNull();
  write('Something else.\n');
  expect(hints.fresh()).toBe('Something else.');
  write('');
  expect(hints.fresh()).toBeNull();
});

it('reaches the running sprint between two turns, and is recorded', async () => {
  const repo = tinyHouse();
  const requests: MessagesRequest[] = [];
  const script = [
    [
      start('first'),
      call('bash', { command: 'echo "Try sorting." >> work/../HINTS.md' }),
      finish({ candidate: null }),
    ],
  ];
  const server = await startMessagesServer((request) => {
    requests.push(request);
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const { events } = await loopIn(repo, { researcher: 'claude', maxSprints: 1 });
  await server.close();
  expect(events.find((e) => e.type === 'hint.given')).toMatchObject({ text: 'Try sorting.' });
  expect(JSON.stringify(requests.at(-1)?.messages.at(-1))).toContain('added just now: Try sorting.');
});
