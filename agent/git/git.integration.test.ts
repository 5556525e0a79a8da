import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, git, newRepo } from '../fixtures/repo.ts';
import { bestKnown, commitPaths, dirtyFiles, openGit, rememberBestKnown, tagBest } from './git.ts';

const write = (repo: string, file: string, text: string) => {
  mkdirSync(join(repo, file, '..'), { recursive: true });
  writeFileSync(join(repo, file), text);
};

describe('the supervisor and git', () => {
  it('tells dirty files of the workspace from others, and leaves steering files out', async () => {
    const repo = newRepo({ 'work/a.txt': 'a', 'bench/b.txt': 'b', 'TASK.md': 't' });
    for (const file of [
      'work/a.txt',
      'work/new file.txt',
      'bench/b.txt',
      'TASK.md',
      'HINTS.md',
      'reports/x.md',
    ]) {
      write(repo, file, 'changed');
    }
    const dirty = await dirtyFiles(await openGit(repo), 'work');
    expect(dirty).toEqual({ workspace: ['work/a.txt', 'work/new file.txt'], others: ['bench/b.txt'] });
  });

  it('commits the named paths only, with trailers git can read, and runs no hook', async () => {
    const repo = newRepo({ 'work/a.txt': 'a', 'other.txt': 'o' });
    const hook = join(repo, '.git/hooks/pre-commit');
    writeFileSync(hook, '#!/bin/sh\ntouch hooked\nexit 1\n');
    chmodSync(hook, 0o755);
    write(repo, 'other.txt', 'staged by the user');
    git(repo, 'add', 'other.txt');
    write(repo, 'work/a.txt', 'b');
    write(repo, 'sprints/one/sprint.json', '{}');
    const g = await openGit(repo);
    const commit = await commitPaths(g, ['work', 'sprints'], 'Sprint 1: a\nb', 'Why.', {
      F1: '0.8',
      Verdict: 'new-best',
    });
    expect(git(repo, 'show', '--name-only', '--format=', commit).split('\n')).toEqual([
      'sprints/one/sprint.json',
      'work/a.txt',
    ]);
    expect(git(repo, 'log', '-1', '--format=%s|%(trailers:key=F1,valueonly,separator=)|%an <%ae>')).toBe(
      'Sprint 1: a b|0.8|Research loop <loop@localhost>',
    );
    expect(existsSync(join(repo, 'hooked'))).toBe(false);
    await tagBest(g, 'tiny', commit);
    expect(git(repo, 'rev-parse', 'best/tiny')).toBe(commit);
  });

  it("commits under the user's identity where one is set", async () => {
    const repo = newRepo({ 'work/a.txt': 'a' });
    git(repo, 'config', 'user.name', 'Ada');
    git(repo, 'config', 'user.email', 'ada@example.org');
    write(repo, 'work/a.txt', 'b');
    await commitPaths(await openGit(repo), ['work'], 'Change');
    expect(git(repo, 'log', '-1', '--format=%an <%ae>')).toBe('Ada <ada@example.org>');
  });

  it('remembers the workspace that a branch began with', async () => {
    const repo = newRepo({ 'work/a.txt': 'a' });
    const g = await openGit(repo);
    const name = 'run/2026-02-19';
    await rememberBestKnown(g, name);
    const start = git(repo, 'rev-parse', 'HEAD');
    write(repo, 'work/a.txt', 'b');
    await commitPaths(g, ['work'], 'Take something out');
    expect(await bestKnown(g, name)).toBe(start);
  });

  it('says what is wrong with a folder that is no repository, or has no commit', async () => {
    const dir = emptyFolder();
    await expect(openGit(dir)).rejects.toThrow('not the root of a git repository');
    execFileSync('git', ['init', '-q', dir]);
    await expect(openGit(dir)).rejects.toThrow('has no commit yet');
  });
});
