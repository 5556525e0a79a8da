import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, type Step, scripted, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

/** Two sprints by a script: the events, and all that the researcher has heard at the end. */
async function played(repo: string, script: Step[][]) {
  const requests: MessagesRequest[] = [];
  const server = await startMessagesServer((request) => {
    requests.push(request);
    return scripted(script)(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const { events } = await loopIn(repo, { researcher: 'claude', maxSprints: 2 });
  await server.close();
  return { events, heard: JSON.stringify(requests.at(-1)?.messages) };
}

it('points out a sprint, and refuses a run, that was made already', async () => {
  // It is under way until it has been asked for again.
  const again = train('held', { set: ['f1=0.55'] });
  const mayEnd = call('bash', { command: 'touch ../may-end' });
  const script: Step[][] = [
    [start('sorting'), train(), wait, finish()],
    [start('sorting'), train(), [again, again], mayEnd, wait, again, write(0.7), train(), wait, finish()],
  ];
  const repo = tinyRepository();
  const { heard, events } = await played(repo, script);
  expect(heard).toContain('has a similar idea and ended as new-best');
  expect(heard.match(/this run was made already/g)).toHaveLength(2);
  expect(heard.match(/this run is queued or running already, as /g)).toHaveLength(1);
  expect(events.filter((e) => e.type === 'run.started')).toHaveLength(3);
  expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(['new-best', 'new-best']);
});

it('a note in the workspace makes no other run, and no candidate of the best', async () => {
  // What a run depends on: its numbers.
  const tell = `import { readFileSync } from 'node:fs';
    const code = readFileSync(process.argv[process.argv.indexOf('--tree-dir') + 1] + '/work/number.json', 'utf8');
    const asks = JSON.parse(readFileSync(0, 'utf8'));
    console.log(JSON.stringify(asks.map((ask) => ({ fingerprint: JSON.stringify([ask, code]) }))));`;
  const note = call('str_replace_based_edit_tool', {
    command: 'create',
    path: 'work/NOTE.md',
    file_text: '\n',
  });
  const script: Step[][] = [
    [start('sorting'), write(0.6), train(), wait, finish()],
    [
      start('notes'),
      note,
      train(),
      train('plain', { seed: 5 }),
      wait,
      finish(),
      write(0.8),
      train(),
      wait,
      finish(),
    ],
  ];
  const repo = tinyRepository();
  const task = readFileSync(join(repo, 'TASK.md'), 'utf8');
  writeFileSync(join(repo, 'tell.mjs'), tell);
  writeFileSync(join(repo, 'TASK.md'), task.replace(/^metric:/m, 'fingerprint: node tell.mjs\nmetric:'));
  git(repo, 'add', '-A');
  git(repo, 'commit', '-qm', 'Tell what runs depend on');
  const { heard, events } = await played(repo, script);
  expect(heard.match(/this run was made already/g)).toHaveLength(1);
  expect(heard.match(/has the code and settings of the present best/g)).toHaveLength(1);
  expect(events.filter((e) => e.type === 'run.started')).toHaveLength(3);
  const sprints = readSprints(sprintsDir(repo));
  expect(sprints.map((s) => s.outcome)).toEqual(['new-best', 'new-best']);
  const [first, ...later] = sprints.flatMap(({ runs }) => runs);
  expect(later.map(({ fingerprint }) => fingerprint === first?.fingerprint)).toEqual([true, false]);
  expect(later.map(({ tree }) => tree === first?.tree)).toEqual([false, false]);
});
