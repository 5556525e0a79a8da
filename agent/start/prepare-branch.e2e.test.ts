import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { committedTree } from '#host/tree';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { branchOf, emptyFolder, git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

it('a loop under settings that people have: all is recorded, what was trained is what is committed, the loop says who commits', async () => {
  process.env.HOME = emptyFolder();
  const repo = tinyRepository([sprintTo('first', 0.6)]);
  const home = process.env.HOME;
  git(repo, 'config', '--remove-section', 'user');
  mkdirSync(join(home, '.config/git'), { recursive: true });
  writeFileSync(join(home, '.config/git/ignore'), 'work/\nsprints/\nreports/\n*.log\nparts/\n');
  for (const key of ['core.autocrlf', 'core.safecrlf', 'commit.gpgSign', 'diff.noprefix'])
    git(repo, 'config', '--global', key, 'true');
  // As git lays it out under core.autocrlf.
  git(repo, 'rm', '-rq', '--cached', '.');
  git(repo, 'reset', '-q', '--hard');
  expect(readFileSync(join(repo, 'work/number.json'), 'utf8')).toContain('\r\n');

  const { code, events } = await loopIn(repo);
  expect(code).toBe(0);
  const notes = events.flatMap((event) => (event.type === 'loop.notice' ? [event.text] : []));
  expect(notes.join('\n')).toContain('commits as Research loop <loop@localhost>');
  const [sprint] = readSprints(sprintsDir(repo));
  expect(sprint.outcome).toBe('new-best');
  expect(await committedTree({ repo: worktreeOf(repo), commit: 'HEAD', folder: 'work' })).toBe(
    sprint.runs[0].tree,
  );
  const files = git(worktreeOf(repo), 'ls-tree', '-r', '--name-only', 'HEAD', 'sprints').split('\n');
  expect(files).toEqual(
    expect.arrayContaining(
      ['README.md', 'change.patch', 'sprint.json'].map((name) => `sprints/${sprint.id}/${name}`),
    ),
  );
  const patch = readFileSync(join(sprintsDir(repo), sprint.id, 'change.patch'), 'utf8');
  expect(patch).toContain('--- a/work/number.json');
  // Nothing of the loop blocks the user's git.
  git(repo, 'switch', '-q', branchOf(repo));
  git(repo, 'switch', '-q', 'main');
});

it('is refused at the start where git would not record what it writes', async () => {
  process.env.HOME = emptyFolder();
  const repo = tinyRepository();
  appendFileSync(join(repo, '.gitignore'), 'sprints/\n');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qam', 'Ignore');
  await expect(loopIn(repo)).rejects.toThrow(/^\.gitignore:\d+: the pattern sprints\/ ignores what the loop/);
});
