import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { exampleSprint } from '../fixtures/examples.ts';
import { emptyFolder, git, newRepo } from '../fixtures/repo.ts';
import { allSprints } from './all-branches.ts';

const at = (minute: number, over: Partial<Sprint> = {}): Sprint =>
  exampleSprint({
    id: `2026-01-01--00-0${minute}-base`,
    closedAt: `2026-01-01T00:0${minute}:00.000Z`,
    ...over,
  });

/** Commits files on a branch, which is made from `main` or continued. */
function commit(repo: string, branch: string, files: Record<string, string | Buffer>): string {
  const known = git(repo, 'branch', '--list', branch) !== '';
  git(repo, 'switch', '-q', ...(known ? [branch] : ['-c', branch, 'main']));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), content);
  }
  git(repo, 'add', '-A');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Sprint');
  const made = git(repo, 'rev-parse', 'HEAD');
  git(repo, 'switch', '-q', 'main');
  return made;
}
const record = (sprint: Sprint) => ({ [`sprints/${sprint.id}/sprint.json`]: JSON.stringify(sprint) });
const told = async (repo: string) =>
  (await allSprints(repo)).sprints.map(({ sprint, branch, commit }) => [sprint.id, branch, commit]);

it('gathers the sprints of all run branches by time, each once and with the commit that added it', async () => {
  const repo = newRepo({ 'a.txt': 'a' });
  expect(await allSprints(repo)).toEqual({ sprints: [], began: [], unreadable: [] });
  const late = commit(repo, 'run/2026-01-01', record(at(5)));
  const first = commit(repo, 'run/2026-01-02', { ...record(at(1)), 'sprints/leaderboards/x.yaml': '' });
  commit(repo, 'run/2026-01-02', { ...record(at(1)), [`sprints/${at(1).id}/README.md`]: 'later' });
  commit(repo, 'run/idea', record(at(2)));
  commit(repo, 'other', record(at(3)));
  // A branch that was made from a run branch has its sprints too.
  git(repo, 'branch', 'run/2026-01-02-2', 'run/2026-01-02');
  const more = commit(repo, 'run/2026-01-02-2', record(at(7)));
  expect(await told(repo)).toEqual([
    [at(1).id, 'run/2026-01-02', first],
    [at(5).id, 'run/2026-01-01', late],
    [at(7).id, 'run/2026-01-02-2', more],
  ]);
  const clone = emptyFolder();
  git(clone, 'clone', '-q', repo, '.');
  expect(await told(clone)).toEqual(
    (await told(repo)).map(([id, branch, hash]) => [id, `origin/${branch}`, hash]),
  );
});

it('a record that is damaged costs itself only, and is named', async () => {
  const repo = newRepo({ 'a.txt': 'a' });
  commit(repo, 'run/2026-01-01', {
    'sprints/0/sprint.json': Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
    'sprints/b/sprint.json': '{"version": 2}',
    'sprints/c/sprint.json': ' '.repeat(17 * 2 ** 20),
    ...record(at(1, { title: 'Größe – \n' })),
    ...record(at(2)),
  });
  const { sprints, unreadable } = await allSprints(repo);
  expect(sprints.map(({ sprint }) => sprint.title)).toEqual(['Größe –', 'Base']);
  expect(unreadable).toEqual(
    ['0', 'b', 'c'].map((id) => `run/2026-01-01: sprints/${id}/sprint.json is not the record of a sprint`),
  );
});

const several = (f1: number) => ({ n: 3, mean: { f1 }, deviation: { f1: 0.01 } });
const confirmed = {
  ...{ key: 'k', nth: 1, samples: 1000, rows: 100, result: 'confirmed' as const, reason: 'why' },
  ...{ candidate: several(0.7), best: { sprint: 'first', run: 'r', ...several(0.6) }, pairs: [], seconds: 1 },
  gain: { mean: 0.1, error: 0.01, needed: 0.05 },
};
const checkOf = ({ id }: Sprint, holds: boolean) => ({
  [`sprints/${id}/checked.json`]: JSON.stringify({
    ...{ version: 1, key: 'k', holds, reason: 'so', candidate: several(0.65), best: confirmed.best },
    ...{ gain: confirmed.gain, takenBack: !holds, seconds: 1, at: '2026-01-01T06:00:00.000Z' },
  }),
});

it('reads what the end of a night gave beside each record', async () => {
  const repo = newRepo({ 'a.txt': 'a' });
  const [back, holds, torn] = [1, 2, 3].map((minute) => at(minute, { confirmed })) as [
    Sprint,
    Sprint,
    Sprint,
  ];
  commit(repo, 'run/2026-01-01', {
    ...{
      ...record(back),
      ...record(holds),
      ...record(torn),
      ...checkOf(back, false),
      ...checkOf(holds, true),
    },
    [`sprints/${torn.id}/checked.json`]: '{"version": 1, "holds": fal',
  });
  const { sprints, unreadable } = await allSprints(repo);
  expect(
    sprints.map(({ sprint }) => [sprint.outcome, sprint.checked?.holds, sprint.confirmed?.candidate.mean.f1]),
  ).toEqual([
    ['held', false, 0.65],
    ['new-best', true, 0.65],
    ['new-best', undefined, 0.7],
  ]);
  expect(unreadable).toEqual([]);
});

it('takes the end of a night from the branch that has it, where the first that has the record does not', async () => {
  const repo = newRepo({ 'a.txt': 'a' });
  const best = at(1, { confirmed });
  const first = commit(repo, 'run/2026-01-01', record(best));
  git(repo, 'branch', 'run/2026-01-01-2', 'run/2026-01-01');
  commit(repo, 'run/2026-01-01-2', checkOf(best, false));
  const [one, ...others] = (await allSprints(repo)).sprints;
  expect(one).toMatchObject({ branch: 'run/2026-01-01', commit: first, sprint: { outcome: 'held' } });
  expect(others).toEqual([]);
});
