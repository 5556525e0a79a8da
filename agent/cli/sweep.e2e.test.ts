import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '#host/capture';
import { startChild } from '#host/child';
import { cleanEnv } from '#host/env';
import { LocalExecutor } from '../executor/local.ts';
import { exampleVerdict } from '../fixtures/examples.ts';
import { pressedTwice } from '../fixtures/pressed.ts';
import { newRepo } from '../fixtures/repo.ts';
import type { SweepSummary } from '../sweep/summary.ts';

const taskText = `---
title: Guess
workspace: work
check: node work/check.mjs
train: node work/train.mjs
encode: node work/encode.mjs
serve: node serve.mjs
judge: node judge.mjs
metric: f1
goal: max
also: [mcc, l0]
plots: { against: { field: l0, label: L0 } }
limits: { usd: 5, hours: 1, stagnation: { warn: 4, stop: 8 } }
model: { name: offline-replay, maxTokens: 4000 }
profiles:
  tiny:
    world: tiny
    constraints: { width: "<=6" }
    budgets: { screen: 100, rank: 500, full: 5000 }
    evaluation: { verdict: 100, snapshot: 50 }
    noise: 0.01
    baselines: [{ label: Known, points: [{ l0: 3, f1: 0.4, mcc: 0.5 }, { l0: 5, f1: 0.3, mcc: 0.5 }] }]
---
Guess well.
`;
/** Its numbers depend on the seed, so that seeds have a spread. */
const judge = `
import { readFileSync, writeFileSync } from 'node:fs';
const [run] = process.argv.slice(2);
const { seed } = JSON.parse(readFileSync(run + '/run.json', 'utf8'));
const verdict = ${JSON.stringify(exampleVerdict({ metrics: { f1: 0.5, mcc: 0.6, l0: 4.25 }, also: { inference: { f1: 0.45 } } }))};
verdict.metrics.f1 += 0.02 * seed;
writeFileSync(run + '/verdict.json', JSON.stringify(verdict));
console.log(JSON.stringify(verdict));
`;
/** What a run depends on: the file `model` of the workspace, where there is one. */
const tell = `
import { existsSync, readFileSync } from 'node:fs';
const dir = process.argv[process.argv.indexOf('--tree-dir') + 1];
const code = existsSync(dir + '/work/model') ? readFileSync(dir + '/work/model', 'utf8') : '';
const asks = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(asks.map((ask) => ({ fingerprint: JSON.stringify([ask, code]) }))));
`;
const root = join(import.meta.dirname, '../..');
const cli = ['node', join(root, 'host/start.mjs'), join(import.meta.dirname, 'sweep.ts')];
let repo: string;
const sweep = (...args: string[]) =>
  capture({ argv: [...cli, ...args], cwd: repo, env: cleanEnv(), timeoutSeconds: 280 });
const summaryIn = (folder: string): SweepSummary =>
  JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
const runs = () => {
  const above = join(repo, 'checkpoints');
  return existsSync(above) ? readdirSync(above).filter((name) => name !== 'sweeps') : [];
};

beforeAll(() => {
  repo = newRepo({
    'TASK.md': taskText,
    'judge.mjs': judge,
    'work/x': '',
    '.gitignore': '/state/\n/checkpoints/\n',
  });
  const fixtures = join(import.meta.dirname, '../executor/fixtures');
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

describe('npm run sweep', () => {
  it('refuses bad input in one line, and writes nothing', async () => {
    const refused = async (why: string, ...args: string[]) => {
      const { exit, complaint } = await sweep(...args);
      expect([exit.code, complaint]).toEqual([2, expect.stringContaining(why)]);
    };
    await Promise.all([
      refused(
        'no experiment or sweep "nope"; sweeps: alone, mixed, stuck; experiments: good, ',
        'good',
        'nope',
      ),
      refused('which experiments or sweeps? sweeps: alone, mixed, stuck; ex'),
      refused('--set k=1,,2: a value is missing between two commas', 'good', '--set', 'k=1,,2'),
      refused('--set w=[1,2: a [ is not closed', 'good', '--set', 'w=[1,2'),
    ]);
    const many = Array.from({ length: 25 }, (_, i) => i).join();
    await refused(
      '125 runs (25 values of k × 5 seeds) · 125 to train; no run of this profile tells how long that takes: more than 100 need --yes',
      ...['good', '--set', `k=${many}`, '--seeds', '5'],
    );
    await refused(
      'a sweep has at most 10000',
      'good',
      '--set',
      `k=${many}`,
      '--set',
      `l=${many}`,
      '--seeds',
      '20',
    );
    expect(existsSync(join(repo, 'checkpoints'))).toBe(false);
  });

  it('judges every experiment, records those that fail, and goes on', async () => {
    const { exit, stdout } = await sweep('mixed');
    expect(exit.code).toBe(1);
    expect(stdout).toMatch(/^ {2}good +0\.500 +0\.600 +4\.25 +0\.450$/m);
    expect(stdout).toContain('  diverge     diverged');
    expect(stdout).toContain('3 runs in ');
    const [name] = readdirSync(join(repo, 'checkpoints/sweeps'));
    expect(name).toMatch(/^mixed-tiny-[0-9a-f]{8}$/);
    const folder = join(repo, 'checkpoints/sweeps', name);
    expect(stdout).toContain(`${folder}/README.md`);
    const summary = summaryIn(folder);
    expect(summary).toMatchObject({
      sweep: ['mixed'],
      profile: 'tiny',
      samples: 5000,
      seeds: [0],
      grid: {},
    });
    expect(summary.runs).toMatchObject([
      { name: 'good', status: 'finished', metrics: { f1: 0.5, l0: 4.25 }, also: { inference: { f1: 0.45 } } },
      { name: 'diverge', status: 'diverged', reason: 'loss is NaN at step 12', metrics: {} },
      { name: 'refuse', status: 'refused', reason: 'k must be a number', run: null },
    ]);
    expect(runs()).toEqual(summary.runs.flatMap(({ run }) => run ?? []).sort());
    expect(readFileSync(join(folder, 'summary.csv'), 'utf8').split('\n')).toEqual([
      'name,seed,run,status,reason,seconds,backend,f1,mcc,l0,inference_f1',
      expect.stringMatching(/^good,0,.*-good-s0,finished,,[\d.]+,none,0.5,0.6,4.25,0.45$/),
      expect.stringMatching(/^diverge,0,.*,diverged,loss is NaN at step 12,[\d.]+,none,,,,$/),
      'refuse,0,,refused,k must be a number,,,,,,',
      '',
    ]);
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(readme).toContain('| experiment | F1 | MCC | L0 | F1 (inference) |');
    expect(readme).toContain('- diverge, seed 0: **diverged**, loss is NaN at step 12');
    expect(readme).toContain('![plot](plot.svg)');
    expect(readme).toContain('    npm run sweep -- mixed --profile tiny --samples 5000 --seed 0\n');
    expect(readFileSync(join(folder, 'plot.svg'), 'utf8')).toContain('Known (published)');
  });

  it('passes over what is complete, and counts another seed or setting as another run', async () => {
    const before = runs();
    const { stdout } = await sweep('alone', '--seeds', '2');
    expect(stdout).toContain('0.510 ± 0.014');
    const made = runs().filter((run) => !before.includes(run));
    expect(made.map((run) => run.slice(21)).sort()).toEqual(['good-s1']);
    const [node, ...words] = [...cli, 'alone', '--set', 'width=7', '--out', join(repo, 'mine')];
    const wide = spawnSync(node, words, { cwd: repo, env: cleanEnv(), encoding: 'utf8' });
    expect(wide.stderr).toContain(
      'good with width=7 cannot count in profile tiny: constraint not met: width: 7 where <=6 is asked\n',
    );
    const good = summaryIn(join(repo, 'mine')).runs[0].run as string;
    expect([...before, ...made]).not.toContain(good);
  });

  it('makes a grid over seeds, side by side, and uses what is made again after a change that no run loads', async () => {
    const args = ['good', '--set', 'k=2,3', '--set', 'lr=0.1,0.01', '--seeds', '2', '--side-by-side', '2'];
    const out = join(repo, 'grid');
    const dry = await sweep(...args, '--dry');
    expect(dry.stdout).toMatch(/^ {2}good k=3 lr=0.01 +seed 1 +to train$/m);
    expect(dry.stdout).toContain(
      '8 runs (2 values of k × 2 values of lr × 2 seeds) · 8 to train, 2 at a time: about ',
    );
    const before = runs();
    const { exit, stdout } = await sweep(...args, '--out', out);
    expect(exit.code).toBe(0);
    expect(runs()).toHaveLength(before.length + 8);
    expect(stdout).toMatch(/^ {2}experiment +k +lr +F1 +MCC +L0 +F1 \(inference\) +to the best$/m);
    expect(stdout).toMatch(/^ {2}good +2 +0.1 +0.510 ± 0.014 .* best$/m);
    expect(stdout).toMatch(/^ {2}good +3 +0.01 +0.510 ± 0.014 .* ~ unchanged$/m);
    expect(stdout).toContain('is 0.01 on one seed at the budget "full", 0.0071 in the mean over 2 seeds');
    const summary = summaryIn(out) as SweepSummary & { rows: { name: string; seeds: number[] }[] };
    expect(summary.rows.map(({ name, seeds }) => [name, ...seeds])).toEqual([
      ['good k=2 lr=0.1', 0, 1],
      ['good k=2 lr=0.01', 0, 1],
      ['good k=3 lr=0.1', 0, 1],
      ['good k=3 lr=0.01', 0, 1],
    ]);
    expect(readFileSync(join(out, 'summary.csv'), 'utf8')).toMatch(/^name,k,lr,seed,run,.*\ngood,2,0.1,0,/);
    for (const plot of ['by-k.svg', 'by-lr.svg', 'k-and-lr.svg', 'plot.svg'])
      expect(existsSync(join(out, plot)), plot).toBe(true);

    // Without a command that tells what a run depends on, it is the whole tree.
    const told = join(repo, 'TASK.md');
    writeFileSync(join(repo, 'tell.mjs'), tell);
    writeFileSync(told, taskText.replace('metric:', 'fingerprint: node tell.mjs\nmetric:'));
    expect((await sweep(...args, '--out', out)).exit.code).toBe(0);
    const again = runs();
    writeFileSync(join(repo, 'work/README'), 'A blank line.');
    const third = await sweep(...args, '--out', out);
    expect(third.stdout).toMatch(/^ {2}good +2 +0.1 +0.510 ± 0.014/m);
    expect(runs()).toEqual(again);
    writeFileSync(join(repo, 'work/model'), 'Other code.');
    expect((await sweep(...args, '--dry')).stdout).toContain(' · 8 to train');
    writeFileSync(told, taskText);
    for (const name of ['README', 'model']) rmSync(join(repo, 'work', name));
  });

  it('stops on Ctrl-C, and says how to go on', async () => {
    const out = join(repo, 'stopped');
    const argv = [...cli, 'stuck', '--out', out];
    const child = startChild({
      argv,
      cwd: repo,
      env: cleanEnv(),
      log: { path: `${out}.log`, maxBytes: 1e5 },
    });
    const deaf = () => runs().find((run) => run.includes('-deaf-'));
    const dirOf = () => join(repo, 'checkpoints', `${deaf()}`);
    while (!deaf() || !existsSync(join(dirOf(), 'out/child.pid'))) await sleep(50);
    expect(await pressedTwice(child, dirOf())).toBe(130);
    expect(readFileSync(`${out}.log`, 'utf8')).toContain(
      'stopped after 1 of 2 runs; continue with: npm run sweep -- stuck',
    );
    expect(summaryIn(out).runs.map(({ name }) => name)).toEqual(['good']);
  });

  it.each([
    ['Ctrl-C', 'SIGINT'],
    ['kill -9', 'SIGKILL'],
  ] as const)('goes on after %s with the run that was cut off', async (_, signal) => {
    const [node = '', ...words] = [...cli, 'pausing', '--seed', signal === 'SIGINT' ? '1' : '2'];
    const child = spawn(node, words, { cwd: repo, env: cleanEnv(), stdio: 'ignore' });
    const ended = once(child, 'exit');
    const mine = () => runs().filter((run) => run.endsWith(`-pausing-s${words.at(-1)}`));
    const saved = () =>
      mine().some((run) => existsSync(join(repo, 'checkpoints', run, 'out/optimizer.safetensors')));
    while (!saved()) await sleep(50);
    child.kill(signal);
    await ended;
    const [run = ''] = mine();
    const dir = join(repo, 'checkpoints', run);
    // Without a sandbox the trainer outlives its killed starter; the command would say so.
    if (signal === 'SIGKILL') await new LocalExecutor().endLeft(dir);
    const { exit, stdout } = await sweep(...words.slice(cli.length - 1));
    expect(exit.code).toBe(0);
    expect(stdout).toContain('1 run in ');
    expect(mine()).toEqual([run]);
    expect(readFileSync(join(dir, 'trainer.log'), 'utf8')).toContain('"resumed":true');
  });
});
