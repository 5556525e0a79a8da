import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { Timer } from '../common/timer.ts';
import { exampleTask } from '../fixtures/examples.ts';
import { git, newRepo } from '../fixtures/repo.ts';
import { takeRunBranch } from '../fixtures/run-branch.ts';
import { bestKnown, commitPaths } from '../git/git.ts';
import { prepareBranch, tellOtherWorkspace } from './prepare-branch.ts';
import { laySteering, recordSteering, takeOverFiles } from './take-over.ts';

let repo: string;
let notices: string[];
const put = (path: string, text: string, folder = repo) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const inWorktree = (path: string) => readFileSync(join(worktreeOf(repo), path), 'utf8');
const commit = (subject: string) => git(repo, 'commit', '-qam', subject);
const subjects = () => git(worktreeOf(repo), 'log', '--format=%s', 'main..').split('\n');

/** The parts of a loop that has taken its branch. */
async function opened() {
  const { git: own, branch } = await takeRunBranch(repo);
  const folder = worktreeOf(repo);
  await laySteering(folder);
  const task = exampleTask();
  const notice = (text: string) => void notices.push(text);
  return {
    config: { repo: folder, task: { ...task, contract: { ...task.contract, workspace: 'work' } } },
    checkout: { git: own, branch, bestKnown: (await bestKnown(own, branch.name)) ?? '' },
    journal: { notice },
    timer: new Timer(),
  } as unknown as Parameters<typeof prepareBranch>[0];
}

beforeEach(() => {
  notices = [];
  repo = newRepo({
    ...{ 'work/a.txt': 'a\n', 'bench/b.txt': 'b\n', 'bench/old.txt': 'old\n', 'TASK.md': 'task\n' },
    '.gitignore': '/state/\n/checkpoints\n',
  });
  git(repo, 'config', 'user.name', 'T');
  git(repo, 'config', 'user.email', 't@example.org');
});

describe('a new run branch', () => {
  it('begins with the user’s uncommitted workspace, told by its commit, and leaves it with the user as it is', async () => {
    put('work/a.txt', 'mine\n');
    put('work/new/c.txt', 'mine too\n');
    put('bench/b.txt', 'not yet\n');
    git(repo, 'add', 'work/a.txt');
    const before = git(repo, 'status', '--porcelain');
    const loop = await opened();
    await prepareBranch(loop, 'best-known');
    expect([inWorktree('work/a.txt'), inWorktree('work/new/c.txt'), inWorktree('bench/b.txt')]).toEqual([
      'mine\n',
      'mine too\n',
      'b\n',
    ]);
    const made = git(repo, 'rev-parse', 'run/2026-02-19');
    expect(subjects()).toEqual(['Start from work/ as it is in the checkout']);
    expect(notices).toEqual([
      `run/2026-02-19 begins with uncommitted work in work/: commit ${made.slice(0, 9)}`,
    ]);
    expect(git(repo, 'status', '--porcelain')).toBe(before);
    expect(loop.checkout.bestKnown).toBe(made);
  });

  it('begins so also where one of its name was deleted', async () => {
    await prepareBranch(await opened(), 'best-known');
    for (const remove of [
      ['branch', '-q', '-D'],
      ['update-ref', '-d'],
    ]) {
      git(worktreeOf(repo), 'switch', '-q', '--detach');
      git(repo, ...remove, remove[0] === 'branch' ? 'run/2026-02-19' : 'refs/heads/run/2026-02-19');
      appendFileSync(join(repo, 'work/a.txt'), 'mine\n');
      await prepareBranch(await opened(), 'best-known');
      expect(inWorktree('work/a.txt')).toBe(readFileSync(join(repo, 'work/a.txt'), 'utf8'));
    }
  });

  it.each([
    ['as it lies', []],
    ['with line ends of another kind', ['config', 'core.autocrlf', 'true']],
    ['with files left out', ['sparse-checkout', 'set', '--no-cone', '/*', '!/work/old.txt']],
  ])('has no commit of its own where all is committed, %s', async (_, how) => {
    put('work/old.txt', 'old\n');
    git(repo, 'add', '-A');
    commit('More');
    if (how.length > 0) git(repo, ...how);
    for (const file of ['TASK.md', 'work/a.txt']) rmSync(join(repo, file));
    git(repo, 'checkout', '-q', '--', '.');
    const loop = await opened();
    await recordSteering(loop);
    await prepareBranch(loop, 'best-known');
    expect(subjects()).toEqual(['']);
    expect(notices).toEqual([]);
  });
});

describe('a run branch that is gone on with', () => {
  beforeEach(async () => {
    await prepareBranch(await opened(), 'best-known');
  });

  it('takes over what the user has committed meanwhile, all but the workspace; what a sprint was editing stays', async () => {
    put('work/a.txt', 'of the branch\n', worktreeOf(repo));
    await commitPaths((await opened()).checkout.git, ['work'], 'Sprint 1');
    put('work/a.txt', 'half\n', worktreeOf(repo));
    put('bench/b.txt', 'better\n');
    put('bench/new.txt', 'new\n');
    put('work/a.txt', 'of the user\n');
    rmSync(join(repo, 'bench/old.txt'));
    git(repo, 'add', '-A');
    commit('Mend the benchmark');
    const loop = await opened();
    await takeOverFiles(loop);
    const head = git(repo, 'rev-parse', '--short=9', 'main');
    expect(git(repo, 'log', '--format=%s', 'main..run/2026-02-19').split('\n')).toEqual([
      `Take over the files of main as of ${head}`,
      'Sprint 1',
    ]);
    expect(git(worktreeOf(repo), 'diff', '--stat', 'main', 'HEAD', '--', ':!work')).toBe('');
    expect([inWorktree('bench/b.txt'), inWorktree('bench/new.txt')]).toEqual(['better\n', 'new\n']);
    expect(existsSync(join(worktreeOf(repo), 'bench/old.txt'))).toBe(false);
    expect(inWorktree('work/a.txt')).toBe('half\n');
    expect(git(worktreeOf(repo), 'show', 'HEAD:work/a.txt')).toBe('of the branch');
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('M work/a.txt');
    expect(notices).toHaveLength(1);
    await takeOverFiles(loop);
    expect(notices).toHaveLength(1);
  });

  it('takes over a file where one lies that git does not know', async () => {
    put('bench/new.txt', 'left\n', worktreeOf(repo));
    put('bench/new.txt', 'new\n');
    git(repo, 'add', '-A');
    commit('Add to the benchmark');
    await takeOverFiles(await opened());
    expect(inWorktree('bench/new.txt')).toBe('new\n');
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  });

  it('undoes what was changed in its worktree outside of the workspace, and tells of it', async () => {
    put('bench/b.txt', 'easier\n', worktreeOf(repo));
    rmSync(join(worktreeOf(repo), 'bench/old.txt'));
    put('work/a.txt', 'half\n', worktreeOf(repo));
    await takeOverFiles(await opened());
    expect([inWorktree('bench/b.txt'), inWorktree('bench/old.txt'), inWorktree('work/a.txt')]).toEqual([
      'b\n',
      'old\n',
      'half\n',
    ]);
    expect(notices).toEqual([
      "removed changes in the loop's worktree, outside of work/: bench/b.txt, bench/old.txt",
    ]);
  });

  it('says that the user’s workspace is another one, until that is taken over from the branch', async () => {
    await tellOtherWorkspace(await opened());
    expect(notices).toEqual([]);
    appendFileSync(join(repo, 'work/a.txt'), 'an idea\n');
    await tellOtherWorkspace(await opened());
    expect(notices).toEqual([
      expect.stringMatching(/^work\/ in your checkout differs from what run\/2026-02-19 began/),
    ]);
    put('work/a.txt', 'a\nan idea\n', worktreeOf(repo));
    await commitPaths((await opened()).checkout.git, ['work'], 'Sprint 1');
    await tellOtherWorkspace(await opened());
    expect(notices).toHaveLength(1);
  });
});

describe('TASK.md and HINTS.md', () => {
  it('are read from the user’s checkout, and recorded on the run branch where they were edited', async () => {
    const recorded = async () => {
      await recordSteering(await opened());
      return subjects()[0];
    };
    expect(await recorded()).toBe('');
    put('TASK.md', 'edited\n');
    put('HINTS.md', 'look there\n');
    expect(await recorded()).toBe('Record TASK.md and HINTS.md as edited');
    expect([inWorktree('TASK.md'), inWorktree('HINTS.md')]).toEqual(['edited\n', 'look there\n']);
    expect(git(repo, 'show', 'run/2026-02-19:HINTS.md')).toBe('look there');
    rmSync(join(repo, 'HINTS.md'));
    expect(await recorded()).toBe('Record HINTS.md as edited');
    expect(await recorded()).toBe('Record HINTS.md as edited');
    expect(subjects()).toHaveLength(2);
    expect(git(repo, 'status', '--porcelain')).toBe('M TASK.md');
    // The branch goes on with the task as edited, whatever the user commits elsewhere.
    await takeOverFiles(await opened());
    expect(subjects()).toHaveLength(2);
  });

  it('are recorded whatever git would say to their line ends', async () => {
    for (const key of ['core.autocrlf', 'core.safecrlf']) git(repo, 'config', key, 'true');
    put('TASK.md', 'edited\n');
    put('HINTS.md', 'look\r\nthere\n');
    await recordSteering(await opened());
    expect(subjects()[0]).toBe('Record TASK.md and HINTS.md as edited');
    expect([inWorktree('TASK.md'), inWorktree('HINTS.md')]).toEqual(['edited\n', 'look\nthere\n']);
  });

  it('are none where they cannot be read', async () => {
    mkdirSync(join(repo, 'HINTS.md'));
    await recordSteering(await opened());
    expect(subjects()).toEqual(['']);
  });

  it('are not recorded where the repository ignores them', async () => {
    appendFileSync(join(repo, '.gitignore'), 'HINTS.md\n');
    commit('Ignore');
    put('HINTS.md', 'look there\n');
    await recordSteering(await opened());
    expect(subjects()).toEqual(['']);
    expect(inWorktree('HINTS.md')).toBe('look there\n');
  });
});
