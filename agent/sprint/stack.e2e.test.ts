import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { withSecretWorlds } from '../fixtures/secret-worlds.ts';
import { readSprints } from '../ledger/ledger.ts';
import { MOST_STACKED } from '../ledger/stack.ts';

it('takes a full stack back where the next candidate on it is not confirmed', async () => {
  const small = Array.from({ length: MOST_STACKED + 1 }, (_, at) =>
    sprintTo(`small-${at}`, 0.612 + at / 1e4),
  );
  const night = [sprintTo('base', 0.6), ...small];
  const repo = withSecretWorlds(tinyRepository(night), '{ f1, mcc }', '{ share: 1, looks: [2, 3, 4] }');
  const task = join(repo, 'TASK.md');
  writeFileSync(task, readFileSync(task, 'utf8').replace('stop: 5', 'stop: 20'));
  await loopIn(repo, { maxSprints: MOST_STACKED + 2 });
  const [base, ...more] = readSprints(sprintsDir(repo));
  expect(more.map(({ outcome }) => outcome)).toEqual([...Array(MOST_STACKED).fill('stacked'), 'no-gain']);
  const last = more.at(-1);
  expect(last?.reason).toMatch(/; 6 changes are stacked already, so they are taken back$/);
  expect(last?.change).toMatchObject({ kept: false, takenBack: 6, treeAfter: base?.change.treeAfter });
  expect(JSON.parse(readFileSync(join(worktreeOf(repo), 'work/number.json'), 'utf8')).f1).toBe(0.6);
});
