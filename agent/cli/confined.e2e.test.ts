import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { START } from '../fixtures/loop.ts';
import { exampleRecord } from '../tensorboard/fixtures/record.ts';

const repo = realpathSync(mkdtempSync(join(tmpdir(), 'confined-')));
const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'elsewhere-')));
const tried = await tryBubblewrap(repo);
const noTerminal = spawnSync('script', ['--version']).status !== 0;
if (!tried.ok) console.log(`SKIP confined.e2e.test.ts: ${tried.why}`);

const taskText = `---
title: Guess
workspace: work
check: node work/check.mjs
train: node work/train.mjs
encode: node work/encode.mjs
judge: node judge.mjs
metric: f1
goal: max
limits: { usd: 5, hours: 1, stagnation: { warn: 4, stop: 8 } }
model: { name: none, maxTokens: 1 }
profiles:
  tiny:
    world: tiny
    budgets: { screen: 100, rank: 500, full: 5000 }
    evaluation: { verdict: 100, snapshot: 50 }
    noise: 0.01
---
`;

beforeAll(() => {
  for (const folder of ['run', 'work']) mkdirSync(join(repo, folder));
  writeFileSync(join(repo, 'TASK.md'), taskText);
  writeFileSync(join(repo, 'judge.mjs'), 'truth');
  writeFileSync(join(elsewhere, 'weights'), 'weights');
  writeFileSync(
    join(repo, 'work/work.mjs'),
    `import { readFileSync, writeFileSync } from 'node:fs';
     const [first, ...rest] = process.argv.slice(2);
     const out = rest[rest.indexOf('--out') + 1];
     for (const path of ['judge.mjs', out + '/made']) {
       try { writeFileSync(path, 'mine'); console.log('wrote ' + path); } catch (error) { console.log(path + ' ' + error.code); }
     }
     if (first !== 'run' && !out.endsWith('export')) console.log(readFileSync(first, 'utf8'));
     process.exit(3);`,
  );
  writeFileSync(
    join(repo, 'work/read.mjs'),
    `import { readdirSync, readFileSync } from 'node:fs';
     const folder = process.argv[2].replace('--from=', '');
     for (const name of readdirSync(folder).sort()) {
       try { console.log(name, readFileSync(folder + '/' + name, 'utf8')); } catch (error) { console.log(name, error.code); }
     }`,
  );
});
afterAll(() => {
  for (const folder of [repo, elsewhere]) rmSync(folder, { recursive: true });
});

const confined = (...args: string[]) =>
  capture({
    argv: ['node', START, join(import.meta.dirname, 'confined.ts'), ...args],
    cwd: repo,
    env: cleanEnv(),
    timeoutSeconds: 280,
  });

it.skipIf(!tried.ok)('a command by hand writes its own folder only, and reads what it is given', async () => {
  const { exit, stdout } = await confined('--into', 'export', 'node', 'work/work.mjs', 'run');
  expect([exit.code, stdout]).toEqual([3, 'judge.mjs EROFS\nwrote run/export/made\n']);
  expect(readFileSync(join(repo, 'judge.mjs'), 'utf8')).toBe('truth');
  // Nothing else of the checkout exists for it.
  expect((await confined('node', 'work/read.mjs', '--from=.')).stdout).toBe('work EISDIR\n');
  const weights = join(elsewhere, 'weights');
  expect((await confined('node', 'work/work.mjs', weights, '--out', 'run')).stdout).toBe(
    'judge.mjs EROFS\nrun/made EROFS\nweights\n',
  );
  expect(existsSync(join(repo, 'run/made'))).toBe(false);
});

it.skipIf(!tried.ok || noTerminal)(
  'a command whose output is binary sees a terminal (SKIP without script)',
  async () => {
    writeFileSync(join(repo, 'work/tty.mjs'), 'console.log(process.stdout.isTTY === true)');
    const onTerminal = async (...more: string[]) => {
      const words = [
        'node',
        START,
        join(import.meta.dirname, 'confined.ts'),
        ...more,
        'node',
        'work/tty.mjs',
      ];
      const argv = ['script', '--quiet', '--return', '--command', words.join(' '), '/dev/null'];
      return (await capture({ argv, cwd: repo, env: cleanEnv(), timeoutSeconds: 280 })).stdout;
    };
    expect(await onTerminal('--binary')).toContain('true');
    // Words are passed on, so that a clock can stand below them.
    expect(await onTerminal()).toContain('false');
  },
);

it.skipIf(!tried.ok)('a command that writes into a run takes words of its id', async () => {
  const id = '2026-01-01--00-00-10-wider-k=3-s0';
  const dir = join(repo, 'checkpoints', id);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'run.json'), JSON.stringify(exampleRecord(id)));
  const { stdout } = await confined('--into', 'export', 'node', 'work/work.mjs', 'k=3');
  expect(stdout).toContain(`wrote ${dir}/export/made\n`);
  const none = await confined('--into', 'export', 'node', 'work/work.mjs', 'k=4');
  expect([none.exit.code, none.complaint]).toEqual([2, 'no run "k=4"; npm run runs lists them']);
});

/** A folder as a hub's cache has it: its files are links to blobs beside it, and one leads elsewhere. */
function hubFolder(root: string): string {
  const folder = join(root, 'model', 'snapshots', 'abc');
  for (const path of [folder, join(root, 'model', 'blobs')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, 'model', 'blobs', 'e7a6'), 'blob');
  symlinkSync('../../blobs/e7a6', join(folder, 'cfg.json'));
  symlinkSync(join(elsewhere, 'weights'), join(folder, 'weights'));
  return folder;
}

it.skipIf(!tried.ok)('a command that makes files of the workspace writes the workspace only', async () => {
  const { stdout } = await confined('--writes', 'work', 'node', 'work/work.mjs', 'run', '--out', 'work');
  expect(stdout).toBe('judge.mjs EROFS\nwrote work/made\n');
  expect(readFileSync(join(repo, 'work/made'), 'utf8')).toBe('mine');
  rmSync(join(repo, 'work/made'));
});

it.skipIf(!tried.ok)('reads a folder of links as they lead, by whatever name', async () => {
  const folder = hubFolder(elsewhere);
  symlinkSync(folder, join(elsewhere, 'by-its-name'));
  for (const name of [folder, `--from=${folder}`, join(elsewhere, 'by-its-name')])
    expect((await confined('node', 'work/read.mjs', name)).stdout, name).toBe(
      'cfg.json blob\nweights weights\n',
    );
});

it.skipIf(!tried.ok)(
  'follows no link that the workspace’s code may have made to what is hidden',
  async () => {
    const ours = 'cfg.json blob\nweights ENOENT\n';
    expect((await confined('node', 'work/read.mjs', hubFolder(join(repo, 'run')))).stdout).toBe(ours);
    const run = join(elsewhere, 'run');
    const folder = hubFolder(join(run, 'out'));
    writeFileSync(join(run, 'run.json'), '{}');
    expect((await confined('node', 'work/read.mjs', folder)).stdout).toBe(ours);
  },
);

it('does as it is told without a sandbox, and refuses what it does not know', async () => {
  const { exit, stdout } = await confined('node', 'work/work.mjs', 'run', '--out', 'run', '--sandbox', 'off');
  expect([exit.code, stdout]).toEqual([3, 'wrote judge.mjs\nwrote run/made\n']);
  const { exit: refused, complaint } = await confined('node', 'work/work.mjs', '--sandbox', 'on');
  expect([refused.code, complaint]).toEqual([2, '--sandbox: auto or off, not "on"']);
});
