import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeJsonAtomic } from '#contract/atomic';
import { RunRecord, specOf } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { readTask } from '#contract/task';
import { capture } from '#host/capture';
import { startChild } from '#host/child';
import { cleanEnv } from '#host/env';
import { processStart } from '#host/processes';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { pressedTwice } from '../fixtures/pressed.ts';
import { git, newRepo } from '../fixtures/repo.ts';
import { leaderboardId } from '../ledger/ledger.ts';
import { readSprintRun } from '../ledger/run-folder.ts';

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
also: [mcc]
limits: { usd: 5, hours: 1, stagnation: { warn: 4, stop: 8 } }
model: { name: offline-replay, maxTokens: 4000 }
profiles:
  huge:
    world: huge
    requires: node -e "console.log('no GPU here'); console.error('a driver warns'); process.exit(1)"
    budgets: { screen: 100, rank: 500, full: 100000 }
    evaluation: { verdict: 100, snapshot: 50 }
    noise: 0.01
  tiny:
    world: tiny
    constraints: { samples: "<=5000", width: "==4" }
    budgets: { screen: 100, rank: 500, full: 5000 }
    evaluation: { verdict: 100, snapshot: 50 }
    noise: 0.01
---
Guess well.
`;
// Gives what was recorded, and tells which seed it was asked for.
const judge = `
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
const [run, ...rest] = process.argv.slice(2);
if (JSON.parse(readFileSync(run + '/run.json', 'utf8')).seed === 99) {
  writeFileSync(run + '/judge', String(process.pid));
  renameSync(run + '/judge', run + '/judge.pid');
  setInterval(() => {}, 1000);
} else if (rest.includes('--evals')) {
  console.log(JSON.stringify({ samples: 100, evaluationSamples: 5, metrics: { f1: 0.25 } }));
} else {
  const seed = Number(rest[rest.indexOf('--eval-seed') + 1]);
  const verdict = ${JSON.stringify(exampleVerdict({ also: { inference: { f1: 0.45 } } }))};
  verdict.evaluation.seed = Number.isNaN(seed) ? Math.floor(1e9 * Math.random()) : seed;
  verdict.observed.width = 4;
  if (seed === 13) verdict.metrics.f1 = 0.1;
  writeFileSync(run + '/verdict.json', JSON.stringify(verdict));
  console.log(JSON.stringify(verdict));
}
`;
const root = join(import.meta.dirname, '../..');
const cli = (name: string) => ['node', join(root, 'host/start.mjs'), join(import.meta.dirname, `${name}.ts`)];
let repo: string;

beforeAll(() => {
  repo = newRepo({
    'TASK.md': taskText,
    'judge.mjs': judge,
    'work/train.mjs': '',
    '.gitignore': '/state/\n/checkpoints/\n',
  });
  const fixtures = join(import.meta.dirname, '../executor/fixtures');
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const run = (name: string, ...args: string[]) =>
  capture({ argv: [...cli(name), ...args], cwd: repo, env: cleanEnv(), timeoutSeconds: 280 });
const everything = () => [
  ...[git(repo, 'status', '--porcelain', '--ignored'), git(repo, 'for-each-ref')],
  readdirSync(join(repo, 'checkpoints')),
];

describe('npm run train', () => {
  it('trains, has the snapshots and the run judged, and says where it lies', async () => {
    const { exit, stdout } = await run('train', 'good', '--seed', '4', '--set', 'k=3');
    expect(exit.code).toBe(0);
    const [id] = readdirSync(join(repo, 'checkpoints'));
    const dir = join(repo, 'checkpoints', id);
    expect(JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8'))).toMatchObject({
      ...{
        profile: 'tiny',
        samples: 5000,
        seed: 4,
        status: 'finished',
        sandbox: expect.stringMatching(/^bubblewrap|^off/),
      },
      ...{ experiment: 'good', settings: { k: '3' } },
    });
    expect(stdout).toContain(`s: ${dir}\n`);
    expect(stdout).toContain('  samples      f1\n  100      0.2500\n');
    expect(stdout).toContain(
      '       verified  inference\n  f1     0.5000     0.4500\n  mcc    0.6000          -\n',
    );
    expect(stdout).toContain('as a candidate: the first best; no sprint has a verified result');
  });

  it('says before it starts that a run cannot count, and why', () => {
    const told = (...args: string[]) => {
      const [node, ...rest] = [...cli('train'), 'good', '--no-judge', ...args];
      return spawnSync(node, rest, { cwd: repo, env: cleanEnv(), encoding: 'utf8' }).stderr;
    };
    const why = 'this run cannot count in profile tiny: constraint not met: ';
    expect(told('--samples', '6000')).toContain(`${why}samples: 6000 where <=5000 is asked\n`);
    expect(told('--set', 'width=7')).toContain(`${why}width: 7 where ==4 is asked\n`);
    expect(told()).not.toContain('cannot count');
  });

  it('trains and judges where a link leads to the folder, which a sandbox hides', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
    mkdirSync(join(elsewhere, 'disk'));
    symlinkSync(join(elsewhere, 'disk'), join(elsewhere, 'link'));
    const { exit, stdout } = await run('train', 'good', '--out', join(elsewhere, 'link', 'mine'));
    rmSync(elsewhere, { recursive: true });
    expect([exit.code, stdout]).toEqual([0, expect.stringContaining('verified')]);
  });

  it('lists what there is', async () => {
    expect((await run('train', '--list')).stdout).toContain('  good       as it should be\n');
  });

  it('refuses bad input with one line, and nothing is written', async () => {
    const bad: [string[], RegExp][] = [
      [['nope'], /^unknown experiment "nope"; there are: good, /],
      [[], /^which experiment\? there are: good, /],
      [['good', '--profile', 'vast'], /^unknown profile "vast"; TASK.md has: huge, tiny/],
      [['good', '--profile', 'huge'], /^profile "huge" cannot run here: no GPU here/],
      [['good', '--samples', '0'], /whole number of at least 1/],
      [['good', '--sampels', '7'], /unknown option '--sampels'/],
      [['good', 'better'], /too many arguments/],
      [['good', '--out', '.'], /is not empty/],
      [['good', '--out', '/proc/x'], /^--out \/proc\/x: cannot be written to/],
      [['refuse', '--set', 'k=x'], /^k must be a number/],
    ];
    const before = everything();
    const ends = await Promise.all(bad.map(([args]) => run('train', ...args)));
    for (const [i, { exit, stdout, complaint }] of ends.entries()) {
      expect([complaint, exit.code, stdout], bad[i][0].join(' ')).toEqual([
        expect.stringMatching(bad[i][1]),
        2,
        '',
      ]);
    }
    expect(everything()).toEqual(before);
  });

  it('names file and line of a mistake in TASK.md', async () => {
    writeFileSync(join(repo, 'TASK.md'), taskText.replace('metric: f1\n', ''));
    const { exit, complaint } = await run('train', 'good');
    writeFileSync(join(repo, 'TASK.md'), taskText);
    expect([exit.code, complaint]).toEqual([2, 'TASK.md:26: metric: is missing']);
  });

  it('says why a run ended badly, and keeps its folder', async () => {
    const { exit, complaint } = await run('train', 'crash', '--out', join(repo, 'checkpoints/crashed'));
    expect(exit.code).toBe(1);
    expect(complaint).toContain('checkpoints/crashed (trainer.log has the rest)');
    expect(existsSync(join(repo, 'checkpoints/crashed/run.json'))).toBe(true);
  });

  it('passes the wanted engine on, and shows what the trainer says of it', async () => {
    const log = join(repo, 'state/engine.log');
    const argv = [...cli('train'), 'halves', '--no-judge', '--backend', 'abacus', '--blas', 'off'];
    const child = startChild({ argv, cwd: repo, env: cleanEnv(), log: { path: log, maxBytes: 1e5 } });
    expect((await child.done).code).toBe(0);
    expect(readFileSync(log, 'utf8')).toContain('\nbackend abacus, BLAS off\n');
    expect((await run('train', 'good', '--blas', 'fast')).exit.code).toBe(2);
  });

  it('ends the run on Ctrl-C, at once on the second', async () => {
    const out = join(repo, 'checkpoints/deaf');
    const child = startChild({ argv: [...cli('train'), 'deaf', '--out', out], cwd: repo, env: cleanEnv() });
    while (!existsSync(join(out, 'out/child.pid'))) await sleep(50);
    expect(await pressedTwice(child, out)).toBe(130);
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ status: 'killed' });
  });

  it('says after Ctrl-C how to go on, and goes on', async () => {
    const out = join(repo, 'checkpoints/paused');
    const log = join(repo, 'state/paused.log');
    const argv = [...cli('train'), 'pausing', '--out', out];
    const child = startChild({ argv, cwd: repo, env: cleanEnv(), log: { path: log, maxBytes: 1e5 } });
    while (!existsSync(join(out, 'out/optimizer.safetensors'))) await sleep(50);
    process.kill(child.pid, 'SIGINT');
    expect((await child.done).code).toBe(130);
    expect(readFileSync(log, 'utf8')).toContain(`continue with: npm run train -- --resume ${out}\n`);
    const other = await run('train', '--resume', out, '--seed', '3');
    expect([other.exit.code, other.complaint]).toEqual([
      2,
      '--resume uses the recorded arguments of the run; leave out --seed',
    ]);
    const { exit, stdout } = await run('train', '--resume', out, '--no-judge');
    expect([exit.code, stdout]).toEqual([0, expect.stringMatching(/^trained in /)]);
  });

  it('leaves no judge behind where its terminal is closed', async () => {
    const out = join(repo, 'checkpoints/judged');
    const argv = [...cli('train'), 'good', '--seed', '99', '--out', out];
    const child = startChild({ argv, cwd: repo, env: cleanEnv() });
    while (!existsSync(join(out, 'judge.pid'))) await sleep(50);
    const judgePid = Number(readFileSync(join(out, 'judge.pid'), 'utf8'));
    process.kill(child.pid, 'SIGHUP');
    expect((await child.done).code).toBe(130);
    expect(processStart(judgePid)).toBeNull();
  });
});

describe('npm run best', () => {
  it('says so where there is no best yet', async () => {
    const { exit, complaint } = await run('best');
    expect([exit.code, complaint]).toEqual([
      2,
      'no sprint has a verified best yet; start the loop: npm run loop',
    ]);
    expect((await run('best', '--profile', 'vast')).complaint).toContain('unknown profile "vast"');
  });

  it('shows the recorded numbers beside those of fresh samples, and leaves the first verdict', async () => {
    await run('train', 'good', '--out', join(repo, 'checkpoints/winner'), '--no-judge');
    const task = readTask(join(repo, 'TASK.md'));
    const verdict = exampleVerdict({ run: 'winner', metrics: { f1: 0.505, mcc: 0.6 } });
    const sprint = exampleSprint({
      runs: [{ ...(readSprintRun(repo, 'winner') as SprintRun), id: 'winner' }],
      profile: 'tiny',
      leaderboard: leaderboardId(task, 'tiny'),
      candidate: 'winner',
      verdict,
    });
    writeJsonAtomic(join(repo, 'sprints', sprint.id, 'sprint.json'), sprint);
    const first = join(repo, 'checkpoints/winner/verdict.json');
    writeFileSync(first, 'the first verdict');

    const { exit, stdout } = await run('best');
    expect(exit.code).toBe(0);
    expect(stdout).toContain('best of tiny: sprint 1, Base\n');
    expect(stdout).toContain('  f1     0.5050  0.5000  -0.0050\n');
    expect(stdout).toMatch(/f1 holds: within the noise of 0.01 \(100 fresh samples, seed \d+\)/);
    expect((await run('best')).stdout).not.toBe(stdout);
    expect((await run('best', '--eval-seed', '13')).stdout).toContain('f1 does NOT hold: it moved by 0.4050');
    expect(readFileSync(first, 'utf8')).toBe('the first verdict');

    const again = await run('best', '--train', '--same-seed', '--eval-seed', '5');
    expect(again.exit.code).toBe(0);
    expect(again.stdout).toMatch(
      /^ +recorded +now +again +change\n {2}f1 +0\.5050 +0\.5000 +0\.5000 +\+0\.0000$/m,
    );
    expect(again.stdout).toMatch(/^ {2}inference_f1 +- +0\.4500 +0\.4500 +\+0\.0000$/m);
    expect(again.stdout).toContain('weights: bit-identical (1 tensors, none)\n');
    const retrained = /trained again on seed \d+: (.*)\n/.exec(again.stdout)?.[1] as string;
    const record = (dir: string) => RunRecord.parse(JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')));
    const before = record(join(repo, 'checkpoints/winner'));
    expect(record(retrained)).toMatchObject(specOf(before));

    const other = await run('best', '--train');
    const seed = Number(/trained again on seed (\d+): /.exec(other.stdout)?.[1]);
    expect(seed).not.toBe(before.seed);
    expect(other.stdout).not.toContain('weights:');

    rmSync(join(repo, 'checkpoints/winner'), { recursive: true });
    const gone = await run('best');
    expect([gone.exit.code, gone.complaint]).toEqual([
      2,
      expect.stringContaining('checkpoints/winner is not in this checkout'),
    ]);

    // A clone has the commits, but neither run folders nor the trees of runs.
    git(repo, 'add', 'work', 'serve.mjs', 'sprints');
    git(repo, '-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-q', '-m', 'Sprint 1');
    const clone = join(repo, 'state/clone');
    git(repo, 'clone', '-q', repo, clone);
    const there = await capture({
      argv: [...cli('best'), '--train', '--same-seed'],
      cwd: clone,
      env: cleanEnv(),
    });
    expect(there.stdout).toContain('weights: not compared');
    expect(there.stdout).toMatch(/^ +recorded +again +change$/m);
    expect(there.exit.code).toBe(0);
  });
});
