import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { emptyFolder, git, newRepo } from '../fixtures/repo.ts';
import { openGit, takeRunBranch } from './git.ts';

const date = '2026-02-19';
let repo: string;
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(repo, path)), { recursive: true });
  writeFileSync(join(repo, path), text);
};
const take = async (more: { fresh?: boolean; preferred?: string } = {}) =>
  takeRunBranch(await openGit(repo), { date, ...more });

beforeEach(() => {
  repo = newRepo({ 'work/a.txt': 'a\n' });
});

it('a tag of the same name changes nothing: the branch is resumed, and a fresh one begins where the user was', async () => {
  const main = git(repo, 'rev-parse', 'HEAD');
  await take();
  put('work/a.txt', 'b\n');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qam', 'Sprint');
  for (const name of [`run/${date}`, 'main']) git(repo, 'tag', name);
  expect(await take()).toMatchObject({ name: `run/${date}`, resumed: true });
  expect(await take({ fresh: true })).toMatchObject({ name: `run/${date}-2`, wayBack: 'git switch main' });
  expect(git(repo, 'rev-parse', 'HEAD')).toBe(main);
});

it('a branch of the user’s below run/ is left alone, and its name is gone round', async () => {
  git(repo, 'switch', '-q', '-c', 'run/my-idea');
  git(repo, 'branch', `run/${date}/notes`);
  expect(await take()).toEqual({ name: `run/${date}-2`, resumed: false, wayBack: 'git switch run/my-idea' });
});

it('a detached HEAD is gone back to', async () => {
  git(repo, 'switch', '-q', '--detach');
  const head = git(repo, 'rev-parse', '--short', 'HEAD');
  expect(await take()).toMatchObject({ name: `run/${date}`, wayBack: `git switch --detach ${head}` });
  await take({ fresh: true });
  expect(git(repo, 'rev-parse', '--short', 'HEAD')).toBe(head);
});

it('a branch at work in another worktree is not taken; the one to be gone on with is refused with the place', async () => {
  const other = join(emptyFolder(), 'other');
  git(repo, 'worktree', 'add', '-q', '-b', `run/${date}`, other);
  await expect(take({ preferred: `run/${date}` })).rejects.toThrow(
    `run/${date}: the branch of the loop that was cut off is checked out in ${other}; start the loop there`,
  );
  expect(await take()).toMatchObject({ name: `run/${date}-2`, resumed: false });
  repo = other;
  expect(await take({ preferred: `run/${date}` })).toMatchObject({ name: `run/${date}`, resumed: true });
});

it('says why git does not switch, with the advice that fits', async () => {
  await take();
  put('work/a.txt', 'b\n');
  put('work/new.txt', 'new\n');
  git(repo, 'add', '-A');
  git(repo, '-c', 'user.name=T', '-c', 'user.email=t@example.org', 'commit', '-qm', 'Sprint');
  git(repo, 'switch', '-q', 'main');
  put('work/a.txt', 'mine\n');
  await expect(take()).rejects.toThrow(
    /overwritten by checkout \(work\/a.txt\); commit or undo your changes/,
  );
  put('work/a.txt', 'a\n');
  put('work/new.txt', 'mine\n');
  await expect(take()).rejects.toThrow(/overwritten by checkout \(work\/new.txt\); move the file away first/);
});
