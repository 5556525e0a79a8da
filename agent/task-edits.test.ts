import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { loopIn, tinyHouse } from './fixtures/house.ts';
import { git } from './fixtures/repo.ts';
import { sprintTo } from './fixtures/scripted.ts';
import { readSprints } from './ledger.ts';

it('takes an edit of TASK.md at the next sprint; new rules begin a leaderboard, and each keeps its contract', async () => {
  const repo = tinyHouse([sprintTo('first', 0.8), sprintTo('second', 0.6), sprintTo('third', 0.7)]);
  const path = join(repo, 'TASK.md');
  const edit = (from: string, to: string) =>
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  const limits: (number | null)[] = [];
  const { events } = await loopIn(repo, {}, (house) => (event) => {
    if (event.type === 'sprint.opened') limits.push(house.limits.usd);
    // In the middle of the first sprint: not before the second does it count.
    if (event.type === 'run.started' && limits.length === 1)
      edit('evaluation: { verdict: 100', 'evaluation: { verdict: 90');
    if (event.type === 'run.started' && limits.length === 2) edit('usd: 5', 'usd: 7');
  });
  const sprints = readSprints(join(repo, 'sprints'));
  const boards = [...new Set(sprints.map((s) => s.leaderboard))];
  expect(sprints.map((s) => boards.indexOf(s.leaderboard))).toEqual([0, 1, 1]);
  // 0.6 is less than 0.8, and still the first of its leaderboard.
  expect(sprints.map((s) => s.outcome)).toEqual(['new-best', 'new-best', 'new-best']);
  expect(limits.slice(0, 3)).toEqual([5, 5, 7]);
  expect(events.filter((e) => e.type === 'loop.notice')).toMatchObject([
    { text: `TASK.md has new rules: from now on leaderboard ${boards[1]}` },
  ]);
  for (const [i, board] of boards.entries()) {
    const file = git(repo, 'show', `HEAD:sprints/leaderboards/${board}.yaml`);
    expect(parse(file)).toMatchObject({
      leaderboard: board,
      metric: 'f1',
      profiles: { tiny: { evaluation: { verdict: [100, 90][i] } } },
    });
  }
});
