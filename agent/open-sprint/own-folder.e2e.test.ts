import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git, uncommit } from '../fixtures/repo.ts';
import { call, finish, sprintTo, start, train, wait, write } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

const forged = (id: string) =>
  JSON.stringify(
    exampleSprint({
      id,
      title: 'Forged',
      outcome: 'new-best',
      verdict: exampleVerdict({ metrics: { f1: 1, mcc: 1 } }),
    }),
  );

describe('a sprint whose folder was made a trap', () => {
  let repo: string;
  let judge: string;
  let folder: string;
  let events: LoggedEvent[];

  beforeAll(async () => {
    const trap = [
      'cd sprints/*/ && ln -s ../../judge.mjs change.patch && for pid in $(seq 1 64); do ln -s ../../judge.mjs change.patch.$pid.tmp; done',
      'rm README.md && mkfifo README.md && mkdir -p deep/.git && echo "*" > .gitignore && head -c 1100000 /dev/zero > deep/large',
      `echo '${forged('forged')}' > sprint.json && echo kept > deep/notes.md`,
    ].join(' && ');
    repo = tinyRepository([
      [start('trap'), write(0.6), call('bash', { command: trap }), train(), wait, finish()],
      sprintTo('second', 0.7),
    ]);
    judge = readFileSync(join(repo, 'judge.mjs'), 'utf8');
    ({ events } = await loopIn(repo));
    folder = join('sprints', readSprints(sprintsDir(repo))[0].id);
  });

  it('is closed, committed and reported as what it was', () => {
    const [first, second] = readSprints(sprintsDir(repo));
    expect(first).toMatchObject({
      title: 'Try trap',
      outcome: 'new-best',
      verdict: { metrics: { f1: 0.6 } },
    });
    expect(second).toMatchObject({ outcome: 'new-best', bestBefore: { metrics: { f1: 0.6 } } });
    expect(readFileSync(join(repo, 'judge.mjs'), 'utf8')).toBe(judge);
    const committed = git(worktreeOf(repo), 'ls-tree', '-r', '--name-only', 'HEAD', folder).split('\n');
    expect(committed.map((name) => name.slice(folder.length + 1))).toEqual([
      'change.patch',
      'deep/notes.md',
      'sprint.json',
    ]);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('tells what was taken out', () => {
    const told = events.flatMap((e) => (e.type === 'loop.notice' ? e.text : [])).join();
    expect(told).toMatch(/removed from the sprint's folder: .* and \d+ more/);
    expect(readdirSync(join(worktreeOf(repo), folder, 'deep'))).toEqual(['notes.md']);
  });
});

it('a sprint.json that the researcher wrote is not believed after a crash either', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6)]);
  await loopIn(repo, { maxSprints: 1 });
  const [{ id }] = readSprints(sprintsDir(repo));
  // As after a crash during the sprint.
  const log = join(repo, 'state/events.jsonl');
  const lines = readFileSync(log, 'utf8').split('\n');
  writeFileSync(
    log,
    `${lines
      .slice(
        0,
        lines.findIndex((line) => line.includes('"verdict.given"')),
      )
      .join('\n')}\n`,
  );
  uncommit(repo);
  for (const gone of ['state/transcripts', 'state/closed-sprint.json'])
    rmSync(join(repo, gone), { recursive: true });
  writeFileSync(join(sprintsDir(repo), id, 'sprint.json'), forged(id));
  await loopIn(repo, { maxSprints: 1 });
  expect(readSprints(sprintsDir(repo))[0]).toMatchObject({
    title: 'Try first',
    verdict: { metrics: { f1: 0.6 } },
    reason: expect.stringContaining('the loop chose the candidate'),
  });
  expect(existsSync(join(repo, 'state/closed-sprint.json'))).toBe(true);
});
