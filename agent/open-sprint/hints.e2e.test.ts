import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, scripted, start } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

it('reaches the running sprint between two turns, and is recorded', async () => {
  const repo = tinyRepository();
  writeFileSync(join(repo, 'HINTS.md'), 'Known before.\n');
  git(repo, 'add', 'HINTS.md');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Hint');
  const requests: MessagesRequest[] = [];
  const script = [
    [
      start('first'),
      call('bash', { command: 'echo "Try sorting." >> ../../HINTS.md' }),
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
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
  expect(events.find((e) => e.type === 'hint.given')).toMatchObject({ text: 'Try sorting.' });
  // Results that were steered say so.
  const [sprint] = readSprints(sprintsDir(repo));
  expect(sprint.hints).toEqual(['Known before.', 'Try sorting.']);
  expect(JSON.stringify(requests.at(-1)?.messages.at(-1))).toContain('added just now:\\nTry sorting.');
});
