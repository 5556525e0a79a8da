import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { sprintsDir } from '../common/paths.ts';
import { START, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder, git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

/** A git that makes the file `at` once it commits the first sprint, and goes on when that is taken away. */
function slowGit(): { bin: string; at: string } {
  const bin = emptyFolder();
  const at = join(bin, 'committing');
  const program = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  const slow = `case "$*" in *'Sprint 1'*) mkdir ${at}-once 2>/dev/null && touch ${at}; while [ -e ${at} ]; do sleep 0.05; done;; esac`;
  writeFileSync(join(bin, 'git'), `#!/bin/sh\n${slow}\nexec ${program} "$@"\n`, { mode: 0o755 });
  return { bin, at };
}

it.each([
  ['a hang-up', 'SIGHUP', 0, ['new-best', 'new-best']],
  ['Ctrl-C', 'SIGINT', 130, ['new-best']],
] as const)(
  '%s, which reaches all that was started from a terminal, leaves a commit alone',
  async (_, signal, code, wanted) => {
    const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
    const { bin, at } = slowGit();
    const argv = [START, join(import.meta.dirname, 'loop.ts'), '--sandbox', 'off'];
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    const loop = spawn(process.execPath, argv, {
      cwd: repo,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => loop.once('exit', resolve));
    while (!existsSync(at)) await sleep(20);
    loop.stdout.destroy();
    loop.stderr.destroy();
    process.kill(-Number(loop.pid), signal);
    rmSync(at);
    expect(await ended).toBe(code);
    expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(wanted);
    const commits = git(worktreeOf(repo), 'log', '--format=%s', '--grep=^Sprint', 'main..').split('\n');
    expect(commits).toHaveLength(wanted.length);
    expect(git(worktreeOf(repo), 'status', '--porcelain')).toBe('');
  },
);

it('is silent where the disk below its output is full, and does its work', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6)]);
  const full = openSync('/dev/full', 'w');
  const run = async (stderr: 'pipe' | number, name: string, ...args: string[]) => {
    const argv = [START, join(import.meta.dirname, `${name}.ts`), ...args];
    const child = spawn(process.execPath, argv, { cwd: repo, stdio: ['ignore', full, stderr] });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    return [await new Promise((resolve) => child.once('close', resolve)), said];
  };
  for (const stderr of ['pipe', full] as const) {
    expect(await run(stderr, 'status')).toEqual([0, '']);
    expect(await run(stderr, 'loop', '--help')).toEqual([0, '']);
  }
  expect(await run(full, 'loop', '--bogus')).toEqual([2, '']);
  expect(await run('pipe', 'loop', '--sandbox', 'off')).toEqual([0, '']);
  closeSync(full);
  expect(readSprints(sprintsDir(repo)).map((s) => s.outcome)).toEqual(['new-best']);
});
