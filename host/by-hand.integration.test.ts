import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sandboxByHand, unreachedIn } from './by-hand.ts';
import { git } from './git.ts';
import { noSandbox } from './sandbox.ts';
import { worktreeOf } from './worktree.ts';

let repo: string;
let bin: string;
const path = process.env.PATH ?? '';
const warnings: string[] = [];
const choose = (asked: 'auto' | 'off') => sandboxByHand(repo, asked, (line) => warnings.push(line));

const commit = (message: string, folder = repo) =>
  git(folder, [
    ...['-c', 'user.name=Test', '-c', 'user.email=test@example.org'],
    ...['commit', '-q', '--allow-empty', '-m', message],
  ]);

beforeAll(async () => {
  repo = realpathSync(mkdtempSync(join(tmpdir(), 'by-hand-')));
  await git(repo, ['init', '-q']);
  writeFileSync(join(repo, 'TASK.md'), '');
  await commit('Start');
  // A folder for PATH with all programs that are needed except bwrap.
  bin = mkdtempSync(join(tmpdir(), 'bin-'));
  for (const name of ['env', 'git']) {
    const found = path.split(':').find((folder) => existsSync(join(folder, name))) as string;
    symlinkSync(join(found, name), join(bin, name));
  }
});
afterEach(() => {
  process.env.PATH = path;
  warnings.length = 0;
});
afterAll(() => {
  for (const folder of [repo, bin]) rmSync(folder, { recursive: true });
});

describe('where bubblewrap is missing', () => {
  it('our own code runs, after one line of warning', async () => {
    process.env.PATH = bin;
    expect((await choose('auto')).label).toBe('off (bubblewrap is not installed)');
    expect(warnings).toEqual([
      'warning: no sandbox: bubblewrap is not installed; sudo apt install bubblewrap',
    ]);
  });

  it('a branch that Claude has worked on does not, unless that is accepted', async () => {
    await commit('Sprint 1: Try (new-best)\n\nAn idea.\n\nF1: 0.7\nResearcher: claude (claude-opus-5-5)');
    await commit('Sprint 2: Own work\n\nResearcher: offline replay, no model');
    process.env.PATH = bin;
    await expect(choose('auto')).rejects.toThrow(
      /^Claude has worked on this branch \(commit [0-9a-f]+\).* --sandbox off$/,
    );
    expect((await choose('off')).label).toBe('off (--sandbox off)');
    expect(warnings).toEqual([]);
  });
});

it('a shallow clone of a branch that Claude has worked on says so by its sprints', async () => {
  const sprint = join(repo, 'sprints/2026-02-19--10-37-try');
  mkdirSync(sprint, { recursive: true });
  writeFileSync(
    join(sprint, 'sprint.json'),
    JSON.stringify({ id: 'x', researcher: { kind: 'claude' } }, null, 2),
  );
  await git(repo, ['add', '--all']);
  await commit('Sprint 3\n\nResearcher: offline replay, no model');
  const clone = join(bin, 'clone');
  await git(bin, ['clone', '-q', '--depth=1', `file://${repo}`, clone]);
  process.env.PATH = bin;
  await expect(sandboxByHand(clone, 'auto', () => {})).rejects.toThrow(
    'Claude has worked on this branch (sprints/2026-02-19--10-37-try)',
  );
});

it('on a system without the sandbox Claude’s branch is refused with the reason, ours runs', async () => {
  const linux = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  try {
    await expect(choose('auto')).rejects.toThrow('the sandbox (bubblewrap) needs Linux, and this is darwin');
    const other = realpathSync(mkdtempSync(join(tmpdir(), 'by-hand-')));
    const chosen = await sandboxByHand(other, 'auto', (line) => warnings.push(line));
    expect(chosen.label).toBe('off (the sandbox (bubblewrap) needs Linux, and this is darwin)');
    expect(warnings).toHaveLength(1);
    rmSync(other, { recursive: true });
  } finally {
    Object.defineProperty(process, 'platform', linux);
  }
});

const withoutProc = ['--dev-bind', '/', '/', '--tmpfs', '/proc'];
const can = spawnSync('bwrap', [...withoutProc, 'true']).status === 0;
if (!can) console.log('SKIP host/by-hand: bubblewrap cannot take /proc away here');

it.skipIf(!can)('without /proc it says once what is not reached, and not to who was told', () => {
  const script = `
    const { sandboxAlone, sandboxByHand, unreachedIn } = await import(${JSON.stringify(join(import.meta.dirname, 'by-hand.ts'))});
    await sandboxAlone(process.cwd(), 'off');
    if (unreachedIn({ kind: 'bubblewrap' }) !== null) console.error('it holds all, and yet');
    console.error('by hand:');
    for (const _ of [1, 2]) await sandboxByHand(process.cwd(), 'off');
    process.env.LOOP_SANDBOX = 'off (chosen)';
    await sandboxByHand(process.cwd(), 'off', (line) => console.error('again: ' + line));`;
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const { stderr } = spawnSync('bwrap', [...withoutProc, ...node], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
  });
  expect(stderr).toMatch(
    /^by hand:\nwarning: there is no \/proc here: [^\n]* are not ended with the run, [^\n]*\n$/,
  );
});

it('where /proc is there, all is reached', () => {
  expect(unreachedIn(noSandbox('chosen'))).toBeNull();
});

it('under the loop it is what the loop chose', async () => {
  process.env.LOOP_SANDBOX = 'off (chosen)';
  expect((await choose('auto')).label).toBe('off (chosen)');
  delete process.env.LOOP_SANDBOX;
});

it('says so of the branch of the loop’s worktree, too', async () => {
  const other = realpathSync(mkdtempSync(join(tmpdir(), 'by-hand-')));
  await git(other, ['init', '-q']);
  await commit('Start', other);
  await git(other, ['worktree', 'add', '-q', '-b', 'run/2026-02-19', worktreeOf(other)]);
  await commit('Sprint 1\n\nResearcher: claude (claude-opus-5-5)', worktreeOf(other));
  process.env.PATH = bin;
  await expect(sandboxByHand(other, 'auto', () => {})).rejects.toThrow(
    /^Claude has worked on the loop's branch \(commit [0-9a-f]+\)/,
  );
});
