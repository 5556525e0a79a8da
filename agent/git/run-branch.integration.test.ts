import {
  cpSync,
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
import { commitPaths, openGit } from './git.ts';
import { leaveBranch, openWorktree } from './open-worktree.ts';
import { type LoopBefore, planRunBranch } from './run-branch.ts';

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
/** A loop that takes the branch, commits a sprint and ends. */
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

  it('of today is gone on with from the branch that it began from, or from a detached HEAD where that was so', async () => {
    await night();
    git(repo, 'switch', '-q', '-c', 'idea');
    expect(await night()).toMatchObject({ name: `${NAME}-2`, resumed: false, from: 'idea' });
    const before = { branch: `${NAME}-2`, unfinished: false };
    expect(await night({ before })).toMatchObject({ name: `${NAME}-2`, resumed: true });
    git(repo, 'switch', '-q', 'main');
    expect(await night({ before })).toMatchObject({ name: NAME, resumed: true });
    git(repo, 'switch', '-q', '--detach');
    git(repo, 'branch', '-q', '-D', NAME);
    expect((await night()).resumed).toBe(false);
    git(repo, '-c', 'user.name=T', 'commit', '-q', '--allow-empty', '-m', 'More');
    expect((await night()).resumed).toBe(true);
  });

  it('tells where it began also where the start was cut off right after it was made', async () => {
    git(repo, 'branch', NAME);
    expect(await night()).toMatchObject({ name: NAME, resumed: true, from: 'main' });
    expect(git(repo, 'config', `branch.${NAME}.loop-from`)).toBe('main');
  });

  it('is left to the loop of another checkout that was quicker', async () => {
    const users = await openGit(repo);
    const plan = await planRunBranch(users, repo, { date: '2026-02-19' });
    const other = join(emptyFolder(), 'other');
    git(repo, 'worktree', 'add', '-q', '-b', 'idea', other);
    await takeRunBranch(other);
    await expect(openWorktree(repo, users, plan)).rejects.toThrow(
      `a loop in another checkout has just made the branch ${NAME}`,
    );
    expect(git(repo, 'config', `branch.${NAME}.loop-from`)).toBe('idea');
  });

  it('with an open sprint on it that was deleted by hand is asked back, by its last commit', async () => {
    const { commit } = await night();
    git(repo, 'branch', '-q', '-D', NAME);
    const before = { branch: NAME, unfinished: true };
    const help = `git branch ${NAME} ${commit.slice(0, 9)}`;
    await expect(takeRunBranch(repo, { before })).rejects.toThrow(`start again: ${help}`);
    git(repo, ...help.split(' ').slice(1));
    expect(await night({ before })).toMatchObject({ name: NAME, resumed: true });
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
      `${NAME} is checked out here, but the loop needs it in its own worktree; run: git switch main, then start again`,
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
    expect(await takeRunBranch(repo)).toMatchObject({
      branch: { resumed: true },
      aside: `${worktreeOf(repo)}-lost-1`,
    });
    expect(existsSync(join(`${worktreeOf(repo)}-lost-1`, 'work/mine.txt'))).toBe(true);
  });

  it('is made again where its making was cut off', async () => {
    await night();
    git(repo, 'worktree', 'remove', '--force', worktreeOf(repo));
    git(repo, 'worktree', 'add', '-q', '--lock', '--no-checkout', worktreeOf(repo), NAME);
    await takeRunBranch(repo);
    expect(inWorktree('status', '--porcelain', '--', ':!checkpoints')).toBe('');
    rmSync(worktreeOf(repo), { recursive: true });
    git(repo, 'worktree', 'lock', worktreeOf(repo));
    await takeRunBranch(repo);
    expect(inWorktree('status', '--porcelain', '--', ':!checkpoints')).toBe('');
  });

  it('has all files where the user’s checkout has only some, and takes files outside of those', async () => {
    git(repo, 'sparse-checkout', 'set', 'work');
    const { folder, git: g } = await takeRunBranch(repo);
    expect(existsSync(join(folder, 'bench/b.txt'))).toBe(true);
    put('sprints/one/README.md', 'log\n', folder);
    await commitPaths(g, ['sprints/one'], 'Sprint');
    expect(git(repo, 'show', `${NAME}:sprints/one/README.md`)).toBe('log');
    expect(existsSync(join(repo, 'bench'))).toBe(false);
  });

  it.each(['moved', 'copied'])(
    'is found again where the checkout was %s with an open sprint',
    async (how) => {
      const { folder } = await takeRunBranch(repo);
      put('work/a.txt', 'half\n', folder);
      const place = join(emptyFolder(), how);
      if (how === 'moved') renameSync(repo, place);
      else cpSync(repo, place, { recursive: true, verbatimSymlinks: true });
      repo = place;
      expect(
        (await takeRunBranch(repo, { before: { branch: NAME, unfinished: true } })).branch,
      ).toMatchObject({
        name: NAME,
        resumed: true,
      });
      expect(readFileSync(join(worktreeOf(repo), 'work/a.txt'), 'utf8')).toBe('half\n');
      expect(git(repo, 'worktree', 'list')).not.toContain('prunable');
    },
  );

  it('does not take the entry of another checkout’s, which has the name of one that was forgotten', async () => {
    const other = join(emptyFolder(), 'other');
    git(repo, 'worktree', 'add', '-q', '-b', 'idea', other);
    await night();
    const away = join(emptyFolder(), 'away');
    renameSync(worktreeOf(repo), away);
    git(repo, 'worktree', 'prune', '--expire=now');
    const { folder } = await takeRunBranch(other);
    renameSync(away, worktreeOf(repo));
    await takeRunBranch(repo);
    const places = git(repo, 'worktree', 'list')
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(places).toEqual(expect.arrayContaining([folder, worktreeOf(repo)]));
    expect(git(folder, 'branch', '--show-current')).toBe(`${NAME}-2`);
  });

  it('says why git does not switch it, with the advice that fits', async () => {
    await night();
    const { git: g } = await takeRunBranch(repo, { fresh: true });
    put('work/a.txt', 'mine\n', worktreeOf(repo));
    await leaveBranch(g);
    await expect(takeRunBranch(repo)).rejects.toThrow(
      /overwritten by checkout \(work\/a.txt\); commit or undo the changes in the loop.s worktree, state.worktree/,
    );
  });
});
