import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { snapshotTree } from '#host/tree';
import { git, newRepo } from '../fixtures/repo.ts';
import { diffTrees, restoreWorkspace } from './workspace.ts';

const files = {
  'work/a.txt': 'a\n',
  'work/deep/b.txt': 'b\n',
  'bench/c.txt': 'c\n',
  '.gitignore': '*.log\n',
};

describe('the workspace', () => {
  it('goes back to a tree whatever was done to it, and nothing else is touched', async () => {
    const repo = newRepo(files);
    const before = await snapshotTree({ repo, folder: 'work' });
    writeFileSync(join(repo, 'work/a.txt'), 'changed\n');
    rmSync(join(repo, 'work/deep'), { recursive: true });
    mkdirSync(join(repo, 'work/new/er'), { recursive: true });
    writeFileSync(join(repo, 'work/new/er/d.txt'), 'd\n');
    writeFileSync(join(repo, 'work/new/.gitignore'), '*\n');
    writeFileSync(join(repo, 'work/new/hidden.txt'), 'hidden by the new .gitignore');
    writeFileSync(join(repo, 'work/kept.log'), 'ignored by the repository');
    writeFileSync(join(repo, 'bench/c.txt'), 'user\n');
    git(repo, 'add', 'bench/c.txt');
    symlinkSync(join(repo, 'bench'), join(repo, 'work/deep'));
    await restoreWorkspace({ repo, folder: 'work', tree: before });
    expect(await snapshotTree({ repo, folder: 'work' })).toBe(before);
    expect(readFileSync(join(repo, 'work/deep/b.txt'), 'utf8')).toBe('b\n');
    expect(existsSync(join(repo, 'work/new'))).toBe(false);
    expect(existsSync(join(repo, 'work/kept.log'))).toBe(true);
    expect(readFileSync(join(repo, 'bench/c.txt'), 'utf8')).toBe('user\n');
    expect(git(repo, 'diff', '--cached', '--name-only')).toBe('bench/c.txt');
    expect(existsSync(join(repo, 'bench/b.txt'))).toBe(false);
  });

  it.each<[string, string]>([
    ['made it a repository', 'git init -q .'],
    ['had git encode files otherwise', "echo '*.txt working-tree-encoding=UTF-16LE' > .gitattributes"],
    [
      'left a pipe and a name that is not UTF-8',
      "mkfifo pipe; touch $'\\xff'; mkdir $'\\xfe'; touch $'\\xfe/x'",
    ],
    ['put a link in its place', 'cd ..; rm -r work; ln -s bench work'],
    ['put a file in its place', 'cd ..; rm -r work; echo > work'],
  ])('goes back to a tree where someone %s', async (_, deed) => {
    const repo = newRepo(files);
    const before = await snapshotTree({ repo, folder: 'work' });
    execFileSync('bash', ['-c', deed], { cwd: join(repo, 'work') });
    await restoreWorkspace({ repo, folder: 'work', tree: before });
    const there = execFileSync('find', ['work', 'bench'], { cwd: repo, encoding: 'utf8' });
    const wanted = ['work', 'work/a.txt', 'work/deep', 'work/deep/b.txt', 'bench', 'bench/c.txt'];
    expect(there.trim().split('\n').sort()).toEqual(wanted.sort());
    expect(readFileSync(join(repo, 'work/a.txt'), 'utf8')).toBe('a\n');
    expect(git(repo, 'status', '--porcelain')).toBe('');
  });

  it('tells what changed, as a patch that git applies', async () => {
    const repo = newRepo(files);
    const before = await snapshotTree({ repo, folder: 'work' });
    writeFileSync(join(repo, 'work/a.txt'), 'a\nmore\n');
    writeFileSync(join(repo, 'work/x.bin'), Buffer.from([0, 1, 2, 255]));
    const after = await snapshotTree({ repo, folder: 'work' });
    const change = await diffTrees(repo, before, after);
    expect(change).toMatchObject({ files: ['work/a.txt', 'work/x.bin'], insertions: 1, deletions: 0 });
    await restoreWorkspace({ repo, folder: 'work', tree: before });
    writeFileSync(join(repo, 'change.patch'), change.patch);
    git(repo, 'apply', 'change.patch');
    expect(await snapshotTree({ repo, folder: 'work' })).toBe(after);
    expect(await diffTrees(repo, after, after)).toEqual({
      files: [],
      insertions: 0,
      deletions: 0,
      patch: '',
    });
  });
});
