import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder, newRepo } from '../fixtures/repo.ts';
import { commitPaths, openGit } from './git.ts';
import { sprintCommitsIn } from './sprint-commits.ts';

it('knows the commit that added each record, and not those that changed it', async () => {
  const repo = newRepo({ 'work/a.txt': 'a' });
  const g = await openGit(repo);
  const commit = async (id: string, text: string) => {
    mkdirSync(join(repo, 'sprints', id), { recursive: true });
    writeFileSync(join(repo, 'sprints', id, 'sprint.json'), text);
    return commitPaths(g, ['sprints'], `Sprint ${id}`);
  };
  const one = await commit('one', '{}');
  const two = await commit('two ü', '{}');
  await commit('one', '{ }');
  expect(await sprintCommitsIn(repo, 'run/x')).toEqual(
    new Map([
      ['one', { hash: one, branch: 'run/x' }],
      ['two ü', { hash: two, branch: 'run/x' }],
    ]),
  );
});

it('takes the branch that is checked out where none is named', async () => {
  const repo = newRepo({ 'sprints/one/sprint.json': '{}' });
  expect((await sprintCommitsIn(repo, null)).get('one')).toMatchObject({ branch: 'main' });
});

it('knows none where there is no repository', async () => {
  expect(await sprintCommitsIn(emptyFolder(), null)).toEqual(new Map());
});
