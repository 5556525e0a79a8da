import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, scripted, start } from '../fixtures/scripted.ts';
import { hintsIn } from '../ledger/hints.ts';
import { readSprints } from '../ledger/ledger.ts';

const idOf = (text: string) => hintsIn(text)[0]?.id ?? '';
const answer = (text: string, answer: 'follow' | 'decline', why: string) => ({
  hint: idOf(text),
  answer,
  why,
});

/** A night of Claude's in a repository with a hint: its requests, events and sprints. */
async function night(script: readonly (readonly Step[])[]) {
  const repo = tinyRepository();
  writeFileSync(join(repo, 'HINTS.md'), 'Known before.\n');
  git(repo, 'add', 'HINTS.md');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Hint');
  const requests: MessagesRequest[] = [];
  const server = await startMessagesServer((request) => {
    requests.push(request);
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const { events } = await loopIn(repo, { researcher: 'claude', maxSprints: script.length });
  await server.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
  return { requests, events, sprints: readSprints(sprintsDir(repo)) };
}

const steered = call('bash', { command: 'echo "Try sorting." >> ../../HINTS.md' });

it('reaches the running sprint between two turns, and is recorded', async () => {
  const { requests, events, sprints } = await night([[start('first'), steered, finish({ candidate: null })]]);
  expect(events.find((e) => e.type === 'hint.given')).toMatchObject({ text: 'Try sorting.' });
  // Results that were steered say so.
  expect(sprints[0]?.hints).toEqual(['Known before.', 'Try sorting.']);
  expect(sprints[0]?.hintAnswers).toBeUndefined();
  expect(JSON.stringify(requests.at(-1)?.messages.at(-1))).toContain(
    `by its id:\\n[${idOf('Try sorting.')}] Try sorting.`,
  );
});

it('is answered by its id, and the next sprint reads the answer', async () => {
  const known = answer('Known before.', 'follow', 'This is \u001b[31mthe idea.');
  const late = answer('Try sorting.', 'decline', 'Nothing here has an order.');
  const unknown = { ...known, hint: 'ffffff' };
  const { requests, sprints } = await night([
    [
      call('start_sprint', { ...start('first').input, hints: [unknown] }),
      call('start_sprint', { ...start('first').input, hints: [known] }),
      steered,
      finish({ candidate: null, hints: [late] }),
    ],
    [start('second'), finish({ candidate: null })],
  ]);
  expect(sprints[0]?.hintAnswers).toEqual([
    { ...known, text: 'Known before.', why: 'This is the idea.' },
    { ...late, text: 'Try sorting.' },
  ]);
  const said = requests.map(({ messages }) => JSON.stringify(messages));
  expect(said[1]).toContain(`give the id that stands in brackets before a hint: ${idOf('Known before.')}`);
  // The file is one paragraph now: words were added to its hint.
  const grown = idOf('Known before.\nTry sorting.');
  const prompt = said.find((text) => text.includes('# Sprint 2')) ?? '';
  expect(prompt).toContain(`[${grown}] Known before.\\nTry sorting.`);
  expect(prompt).toContain(
    `- ${grown}: followed in sprint 1 (failed): This is the idea.\\n- ${late.hint}: declined in sprint 1: Nothing here has an order.`,
  );
});
