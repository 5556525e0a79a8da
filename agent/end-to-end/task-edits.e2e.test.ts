import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { worktreeOf } from '#host/worktree';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { missingGpus } from '../devices/slots.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { scripted, sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { readStatus } from '../screen/status.ts';

/** The notice for an edit that the loop accepts and records; an edit that it cannot use is not recorded. */
const RECORDED = expect.stringMatching(
  /^1 edited file recorded on the run branch \(TASK.md\): commit \w{9}$/,
);

it('takes an edit of TASK.md at the next sprint; new rules begin a leaderboard, and each keeps its contract', async () => {
  const repo = tinyRepository([sprintTo('first', 0.8), sprintTo('second', 0.6), sprintTo('third', 0.7)]);
  const path = join(repo, 'TASK.md');
  const edit = (from: string, to: string) =>
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  const limits: (number | null)[] = [];
  const { events } = await loopIn(repo, {}, (loop) => (event) => {
    if (event.type === 'sprint.opened') limits.push(loop.config.limits.usd);
    // An edit in the middle of the first sprint takes effect with the second.
    if (event.type === 'run.started' && limits.length === 1)
      edit('evaluation: { verdict: 100', 'evaluation: { verdict: 90');
    if (event.type === 'run.started' && limits.length === 2) {
      edit('usd: 5', 'usd: 7');
      edit('metric: f1', 'devices: [0, 1]\nmetric: f1');
    }
  });
  const sprints = readSprints(sprintsDir(repo));
  const boards = [...new Set(sprints.map((s) => s.leaderboard))];
  expect(sprints.map((s) => boards.indexOf(s.leaderboard))).toEqual([0, 1, 1]);
  // 0.6 is less than 0.8, but it is the first of its leaderboard.
  expect(sprints.map((s) => s.outcome)).toEqual(['new-best', 'new-best', 'new-best']);
  expect(limits.slice(0, 3)).toEqual([5, 5, 7]);
  expect(events.flatMap((e) => (e.type === 'loop.notice' ? [e.text] : []))).toEqual([
    `TASK.md has new rules: leaderboard ${boards[1]} from this sprint on`,
    RECORDED,
    'TASK.md has other devices: 2 runs at a time from now on',
    ...[missingGpus([{ device: '0' }, { device: '1' }])].filter((text) => text !== null),
    RECORDED,
  ]);
  expect(git(worktreeOf(repo), 'log', '--format=%s', '--grep=^Record')).toBe(
    'Record TASK.md as edited\nRecord TASK.md as edited',
  );
  for (const [i, board] of boards.entries()) {
    const file = git(worktreeOf(repo), 'show', `HEAD:sprints/leaderboards/${board}.yaml`);
    expect(parse(file)).toMatchObject({
      leaderboard: board,
      metric: 'f1',
      profiles: { tiny: { evaluation: { verdict: [100, 90][i] } } },
    });
  }
});

it('tells an edit that cannot be used and goes on; a model or limit that can be used counts from the next sprint', async () => {
  const repo = tinyRepository();
  const path = join(repo, 'TASK.md');
  const edits = [
    ['workspace: work', 'workspace: elsewhere'],
    ['workspace: elsewhere', 'workspace: work'],
    ['claude-haiku-5-5', 'claude-of-no-price'],
    ['claude-of-no-price', 'claude-sonnet-5-5'],
  ];
  const asked: string[] = [];
  const play = scripted([0.5, 0.6, 0.7, 0.8, 0.9].map((f1, i) => sprintTo(`try-${i}`, f1)));
  const server = await startMessagesServer((request) => {
    asked.push(request.model);
    return play(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const { code, events } = await loopIn(repo, { researcher: 'claude', maxSprints: 5 }, () => (event) => {
    if (event.type !== 'sprint.committed') return;
    const [from, to] = edits.shift() ?? ['usd: 5', 'usd: 7'];
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to).replace('usd: 5', 'usd: 6'));
  });
  await server.close();
  delete process.env.ANTHROPIC_API_KEY;
  delete process.env.ANTHROPIC_BASE_URL;
  expect(code).toBe(0);
  expect(events.flatMap((e) => (e.type === 'loop.notice' ? [e.text] : []))).toEqual([
    expect.stringMatching(
      /^TASK.md was edited; the edit is not used: .*the folder elsewhere\/ does not exist$/,
    ),
    RECORDED,
    expect.stringMatching(/^TASK.md was edited; the edit is not used: .*claude-of-no-price/),
    'the researcher is Claude (claude-sonnet-5-5) from this sprint on',
    RECORDED,
  ]);
  expect(asked.at(0)).toBe('claude-haiku-5-5');
  expect(asked.at(-1)).toBe('claude-sonnet-5-5');
  expect(readStatus(repo)).toMatchObject({ researcher: 'Claude (claude-sonnet-5-5)', limits: { usd: 6 } });
});
