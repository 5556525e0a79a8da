import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { noiseOf } from '#contract/noise';
import { readTask } from '#contract/task';
import { capture } from '#host/capture';
import { cleanEnv } from '#host/env';
import { tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';

const root = join(import.meta.dirname, '../..');
const cli = ['node', join(root, 'host/start.mjs'), join(import.meta.dirname, 'noise.ts')];
let repo: string;
const noise = (...args: string[]) =>
  capture({ argv: [...cli, ...args, '--sandbox', 'off'], cwd: repo, env: cleanEnv(), timeoutSeconds: 280 });
const runs = () => readdirSync(join(repo, 'checkpoints')).length;

beforeAll(() => {
  repo = tinyRepository();
  const judge = join(repo, 'judge.mjs');
  // Seeds have a spread: 0, 0.02 and 0.04 for one recipe, 0, 0.05 and 0.1 for the other.
  const text = readFileSync(judge, 'utf8').replace(
    'return { f1, mcc };',
    "return { f1: f1 + run.seed * (run.experiment === 'plain' ? 0.02 : 0.05), mcc };",
  );
  writeFileSync(judge, text);
  const task = join(repo, 'TASK.md');
  writeFileSync(task, readFileSync(task, 'utf8').replace('noise: 0.01', 'noise: noise/tiny.json'));
  git(repo, 'commit', '-qam', 'Noise from a file');
});

it('measures each budget into one file that decisions read, and makes no run twice', async () => {
  expect(() => noiseOf(readTask(join(repo, 'TASK.md')), 'tiny')).toThrow(/not found.*npm run noise -- tiny/);
  expect((await noise('tiny', '--experiment', 'nope')).complaint).toContain('unknown experiment "nope"');
  expect((await noise('tiny', '--experiment', 'plain', '--beside', 'plain')).complaint).toBe(
    '--beside plain: is the recipe itself; name another one',
  );
  const first = await noise('tiny', '--experiment', 'plain', '--seeds', '3');
  expect(first.exit.code).toBe(0);
  expect(first.stdout).toMatch(/full +3 +0\.\d{4} +0\.0200 +0\.0283\n.*noise\/tiny\.json\n$/);
  expect(runs()).toBe(9);
  const paired = ['--beside', 'steady', '--seeds', '2', '--budgets', 'full'];
  const second = await noise('tiny', '--experiment', 'plain', ...paired);
  expect(second.exit.code).toBe(0);
  // Seeds 0 and 1 of `plain` were there.
  expect(runs()).toBe(11);
  const { budgets } = JSON.parse(readFileSync(join(repo, 'noise/tiny.json'), 'utf8'));
  expect(budgets.rank).toMatchObject({ samples: 500, n: 3, measured: 'snapshot', rows: 50, beside: null });
  expect(budgets.full).toMatchObject({ samples: 1000, n: 2, seeds: [0, 1], measured: 'verdict', rows: 100 });
  // Differences 0 and -0.03.
  expect(budgets.full.metrics.f1.difference).toBeCloseTo(0.0212, 4);
  expect(noiseOf(readTask(join(repo, 'TASK.md')), 'tiny')).toMatchObject({
    ...{ screen: 0.028, rank: 0.028, full: 0.021 },
  });
  expect(existsSync(join(repo, 'state/worktree'))).toBe(false);
});

it('goes on, after Ctrl-C, with those of the budgets that were asked for and are left', async () => {
  const words = ['tiny', '--experiment', 'steady', '--set', 'seconds=60', '--budgets', 'full,rank'];
  const [node = '', ...rest] = [...cli, ...words, '--seeds', '2', '--sandbox', 'off'];
  const child = spawn(node, rest, { cwd: repo, env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  for await (const piece of child.stderr) {
    const begun = said.includes('rank · 1 of 2 · steady');
    said += piece;
    if (!begun && said.includes('rank · 1 of 2 · steady')) child.kill('SIGINT');
  }
  expect(said).toMatch(/stopped within rank; go on with: npm run noise -- tiny .* --budgets rank,full\n/);
});
