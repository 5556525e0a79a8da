import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { emptyFolder, git, newRepo } from '../fixtures/repo.ts';
import { takeRunBranch } from '../fixtures/run-branch.ts';
import { commitPaths } from './git.ts';
import { leaveBranch } from './open-worktree.ts';
import type { LoopBefore } from './run-branch.ts';

const NAME = 'run/2026-02-19';
let repo: string;
let main: string;
const put = (path: string, text: string, folder = repo) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const inWorktree = (...args: string[]) => git(worktreeOf(repo), ...args);
const users = () => [
  git(repo, 'branch', '--show-current'),
  git(repo, 'rev-parse', 'HEAD'),
  git(repo, 'status', '--porcelain', '--', '.', ':!state', ':!checkpoints'),
];
/** A loop takes the branch, commits a sprint and ends. */
async function night(how: { fresh?: boolean; before?: LoopBefore } = {}) {
  const taken = await takeRunBranch(repo, how);
  put('work/a.txt', `${Math.random()}\n`, taken.folder);
  const commit = await commitPaths(taken.git, ['work'], 'Sprint');
  await leaveBranch(taken.git);
  return { ...taken.branch, commit };
}

beforeEach(() => {
  repo = newRepo({ 'work/a.txt': 'a\n', 'bench/b.txt': 'b\n' });
  git(repo, 'config', 'user.name', 'T');
  git(repo, 'config', 'user.email', 't@example.org');
  main = git(repo, 'rev-parse', 'HEAD');
});

describe('the run branch', () => {
  it('begins at the user’s commit, is gone on with, and is made anew on request, where the first one began', async () => {
    put('work/a.txt', 'mine\n');
    git(repo, 'add', 'work/a.txt');
    put('notes.txt', 'mine\n');
    const before = users();
    const first = await night();
    expect(first).toMatchObject({ name: NAME, resumed: false, from: 'main' });
    expect(git(repo, 'rev-parse', `${NAME}^`)).toBe(main);
    expect(await night()).toMatchObject({ name: NAME, resumed: true, from: 'main' });
    expect(git(repo, 'rev-parse', `${NAME}^`)).toBe(first.commit);
    expect(await night({ fresh: true })).toMatchObject({ name: `${NAME}-2`, resumed: false, from: 'main' });
    expect(git(repo, 'rev-parse', `${NAME}-2^`)).toBe(main);
    expect(users()).toEqual(before);
    expect(readFileSync(join(repo, 'work/a.txt'), 'utf8')).toBe('mine\n');
  });

  it('of another day is gone on with from the branch that it began from, and from no other', async () => {
    await night();
    git(repo, 'branch', '-m', NAME, 'run/2020-01-01');
    const before = { branch: 'run/2020-01-01', unfinished: false };
    expect((await night({ before })).name).toBe('run/2020-01-01');
    git(repo, 'switch', '-q', '-c', 'idea');
    expect(await night({ before })).toMatchObject({ name: NAME, resumed: false, from: 'idea' });
    expect((await night({ before: { ...before, unfinished: true } })).name).toBe('run/2020-01-01');
  });

  it('is not mistaken for a tag of the same name', async () => {
    await night();
    for (const name of [NAME, 'main']) git(repo, 'tag', name, 'HEAD');
    expect(await night()).toMatchObject({ name: NAME, resumed: true });
  });

  it('leaves a branch of the user’s below run/ alone, and goes round its name', async () => {
    git(repo, 'switch', '-q', '-c', 'run/my-idea');
    git(repo, 'branch', `${NAME}/notes`);
    expect(await night()).toMatchObject({ name: `${NAME}-2`, resumed: false, from: 'run/my-idea' });
  });

  it('begins from a detached HEAD', async () => {
    git(repo, 'switch', '-q', '--detach');
    expect(await night()).toMatchObject({ name: NAME, from: main.slice(0, 9) });
    expect(git(repo, 'rev-parse', `${NAME}^`)).toBe(main);
  });

  it('may be switched to when the loop has ended, and is refused while it is checked out there, with the command', async () => {
    await night();
    git(repo, 'switch', '-q', NAME);
    await expect(takeRunBranch(repo)).rejects.toThrow(
      `${NAME} is checked out here, and the loop works on it in a worktree of its own; run: git switch main, then start again`,
    );
    expect(await night({ fresh: true })).toMatchObject({ name: `${NAME}-2`, from: 'main' });
    expect(git(repo, 'rev-parse', `${NAME}-2^`)).toBe(main);
  });

  it('at work in another checkout is not taken; the one to be gone on with is refused with the place', async () => {
    const other = join(emptyFolder(), 'other');
    git(repo, 'worktree', 'add', '-q', '-b', NAME, other);
    await expect(takeRunBranch(repo, { before: { branch: NAME, unfinished: true } })).rejects.toThrow(
      `${NAME}: the loop's branch is checked out in ${other}; start the loop there`,
    );
    expect(await night()).toMatchObject({ name: `${NAME}-2`, resumed: false });
  });
});

describe('the worktree', () => {
  it('keeps what a killed loop had edited, on its branch or let go of', async () => {
    const { folder, git: g } = await takeRunBranch(repo);
    put('work/a.txt', 'half\n', folder);
    await takeRunBranch(repo);
    expect(readFileSync(join(folder, 'work/a.txt'), 'utf8')).toBe('half\n');
    await leaveBranch(g);
    await takeRunBranch(repo);
    expect(readFileSync(join(folder, 'work/a.txt'), 'utf8')).toBe('half\n');
    expect(inWorktree('branch', '--show-current')).toBe(NAME);
  });

  it('leads to the runs of the checkout', async () => {
    const { folder } = await takeRunBranch(repo);
    expect(readlinkSync(join(folder, 'checkpoints'))).toBe('../../checkpoints');
  });

  it('is made again where it was deleted, and where it is no checkout any more what lay there is kept', async () => {
    await night();
    rmSync(worktreeOf(repo), { recursive: true });
    expect((await night()).resumed).toBe(true);
    rmSync(join(worktreeOf(repo), '.git'));
    put('work/mine.txt', 'mine\n', worktreeOf(repo));
    expect((await night()).resumed).toBe(true);
    expect(existsSync(join(`${worktreeOf(repo)}-lost-1`, 'work/mine.txt'))).toBe(true);
  });

  it('is found again where the checkout was moved', async () => {
    const { folder } = await takeRunBranch(repo);
    put('work/a.txt', 'half\n', folder);
    const moved = join(emptyFolder(), 'moved');
    renameSync(repo, moved);
    repo = moved;
    await takeRunBranch(repo);
    expect(readFileSync(join(worktreeOf(repo), 'work/a.txt'), 'utf8')).toBe('half\n');
    expect(git(repo, 'worktree', 'list')).not.toContain('prunable');
  });

  it('says why git does not switch it, with the advice that fits', async () => {
    await night();
    const { git: g } = await takeRunBranch(repo, { fresh: true });
    put('work/a.txt', 'mine\n', worktreeOf(repo));
    await leaveBranch(g);
    await expect(takeRunBranch(repo)).rejects.toThrow(
      /overwritten by checkout \(work\/a.txt\); commit or undo your changes/,
    );
  });
});
