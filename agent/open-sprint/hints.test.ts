import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder, git } from '../fixtures/repo.ts';
import { call, finish, scripted, start } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { Hints, readHints } from './hints.ts';

it('tells lines that were added, a rewrite whole, and nothing twice', () => {
  const repo = emptyFolder();
  const write = (text: string) => writeFileSync(join(repo, 'HINTS.md'), text);
  write('Known.\n');
  const hints = new Hints(repo, ['# Hints\n\nKnown.']);
  expect(hints.fresh()).toBeNull();
  write('Known.\nTry sorting.\n');
  expect(hints.fresh()).toBe('Try sorting.');
  expect(hints.fresh()).toBeNull();
  write('Something else.\n');
  expect(hints.fresh()).toBe('Something else.');
  write('');
  expect(hints.fresh()).toBeNull();
});

it('tells what was added while the loop was away, and a conversation that goes on knows the rest', () => {
  const repo = emptyFolder();
  writeFileSync(join(repo, 'HINTS.md'), '- Say "no".\n- Try sorting.\n');
  // A part of another line is not that line.
  const heard = 'one\n- Say "no".\n- Try sorting. Then look.';
  expect(new Hints(repo, [heard]).fresh()).toBe('- Try sorting.');
  expect(new Hints(repo, ['- Say "no".', '- Try sorting.']).fresh()).toBeNull();
});

it('reads the end of a file that is too long, and of what is added then only that', () => {
  const repo = emptyFolder();
  const old = Array.from({ length: 1000 }, (_, i) => `- This is hint number ${i}.`);
  const write = (...lines: string[]) => writeFileSync(join(repo, 'HINTS.md'), lines.join('\n'));
  write(...old);
  const read = readHints(repo);
  expect(read.length).toBeLessThanOrEqual(20_000);
  expect(read).toMatch(/^- This is hint number \d+\.\n(?:.*\n)*.*number 999\.$/);
  const hints = new Hints(repo, [read]);
  expect(hints.fresh()).toBeNull();
  write(...old, '- The last.');
  expect(hints.fresh()).toBe('- The last.');
});

it('reaches the running sprint between two turns, and is recorded', async () => {
  const repo = tinyRepository();
  writeFileSync(join(repo, 'HINTS.md'), 'Known before.\n');
  git(repo, 'add', 'HINTS.md');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Hint');
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
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
  expect(events.find((e) => e.type === 'hint.given')).toMatchObject({ text: 'Try sorting.' });
  // Results that were steered say so.
  const [sprint] = readSprints(join(repo, 'sprints'));
  expect(sprint.hints).toEqual(['Known before.', 'Try sorting.']);
  expect(JSON.stringify(requests.at(-1)?.messages.at(-1))).toContain('added just now:\\nTry sorting.');
});
