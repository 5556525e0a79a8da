import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { RunRecord } from '#contract/run';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout } from './checkout.ts';

let repo: string;
const data = () => join(repo, 'examples/activations/small/saelens-float32');
const START = './host/start.mjs';
function command(name: string, ...words: string[]) {
  const options = { cwd: repo, env: cleanEnv(), encoding: 'utf8' as const };
  const script = `agent/cli/${name}.ts`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [START, script, ...words], options);
  return { status, stdout, stderr };
}
const transfer = (...words: string[]) => command('transfer', ...words);
/** The records of all runs, those that began first before the others. */
const records = (): RunRecord[] =>
  readdirSync(join(repo, 'checkpoints'))
    .map((id) => join(repo, 'checkpoints', id, 'run.json'))
    .filter((file) => existsSync(file))
    .map((file) => RunRecord.parse(JSON.parse(readFileSync(file, 'utf8'))))
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
/** Starts a transfer, and presses Ctrl-C when this many runs are there or have begun. */
async function stoppedAt(runs: number, words: readonly string[]): Promise<{ status: number; said: string }> {
  const child = spawn(process.execPath, [START, 'agent/cli/transfer.ts', ...words], {
    ...{ cwd: repo, env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] },
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = once(child, 'exit');
  while (child.exitCode === null && records().length < runs) await sleep(20);
  child.kill('SIGINT');
  const [status] = await ended;
  return { status, said };
}
/** Three lines at two values and one variation, in both worlds: eleven runs with that of the recipe tried. */
const all = () => [
  ...['--activations', data(), '--sandbox', 'off', '--samples', '2048', '--own-samples', '2048'],
  ...['--seeds', '1', '--side-by-side', '1'],
];

beforeAll(() => {
  repo = copiedCheckout();
  const change = (file: string, changes: [RegExp, string][]) => {
    const path = join(repo, file);
    const text = changes.reduce((of, [from, to]) => of.replace(from, to), readFileSync(path, 'utf8'));
    writeFileSync(path, text);
  };
  change('TASK.md', [
    [/^ {2}lines: \[.*/m, '  lines: [baseline_batchtopk, default]'],
    [/^ {2}parts: .*/m, '  parts: { of: default, without: [ablation_no_term, no_such_sweep] }'],
    [/^ {2}along: .*/m, '  along: { setting: k, times: [1, 2] }'],
    // A verdict on so few rows says little, and takes a tenth of the time.
    [/normalisation: 102400/g, 'normalisation: 2048'],
    [/evaluation: \{ verdict: 200000, snapshot: 20000 \}/g, 'evaluation: { verdict: 2000, snapshot: 1000 }'],
  ]);
  change('examples/activations/TASK.md', [
    [/settings: \{ d_sae: 1536.*/, 'settings: { d_sae: 32, k: 3, lr: 0.004 }'],
    [/evaluation: .*/, 'evaluation: { verdict: 40, snapshot: 40 }'],
    [/normalisation: 102400/, 'normalisation: 2048'],
  ]);
  commitAll(repo);
});

it('refuses what is not there in one line', () => {
  const none = transfer('--sandbox', 'off');
  expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/^error: --activations is missing/)]);
  const gone = transfer('--activations', '/no/such/folder', '--sandbox', 'off');
  expect([gone.status, gone.stderr]).toEqual([2, expect.stringContaining('there is no such folder')]);
  // Of the few contexts of this folder none is held out: the other task's `requires` says so.
  const few = join(repo, 'examples/activations/small/minilm');
  const lacking = transfer('--activations', few, '--sandbox', 'off', '--dry');
  expect([lacking.status, lacking.stderr]).toEqual([
    2,
    expect.stringMatching(
      /^error: profile "activations" cannot run here: \S+: none of 630 rows is held out; .*\n$/m,
    ),
  ]);
});

it('plans, trains in both worlds, goes on after Ctrl-C where it was, and trains nothing twice', async () => {
  const how = ['--profile', 'small', '--samples', '2048', '--sandbox', 'off'];
  expect(command('train', 'default', '--set', 'eta=0.2', ...how).status).toBe(0);
  const words = ['eta=0.2', ...all()];
  const dry = transfer(...words, '--dry');
  expect(dry.stdout).toContain('11 runs · 1 made already · 10 to train: 7 in profile activations');
  expect(dry.stderr).toContain('left out, since the workspace lacks them: no_such_sweep');
  expect(records()).toHaveLength(1);
  const stopped = await stoppedAt(3, words);
  expect([stopped.status, stopped.said]).toEqual([
    130,
    expect.stringMatching(/^stopped after \d of 11 runs; continue with: npm run transfer -- eta=0\.2 /m),
  ]);
  const before = records().map(({ id }) => id);
  const made = transfer(...words);
  expect(made.status, made.stderr).toBe(0);
  expect(made.stdout).toMatch(/is not shown on .* rank correlation /);
  const page = made.stdout.trim().split('\n').at(-1) ?? '';
  const text = readFileSync(join(page, '../README.md'), 'utf8');
  expect(text).toContain('11 of 11 runs');
  expect(text).toMatch(/^\| baseline.{1,3}batchtopk +\| +6 +\|/m);
  expect(readFileSync(page, 'utf8')).toContain('<svg');
  expect(statSync(join(page, '../transfer.pdf')).size).toBeGreaterThan(10_000);
  // The run that was cut off went on in its own folder, and each run was made once.
  expect(
    records()
      .map(({ id }) => id)
      .slice(0, before.length),
  ).toEqual(before);
  expect(records().map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 'finished'));
  const again = transfer(...words);
  expect(again.stderr + again.stdout).toContain('11 runs · 11 made already · 0 to train');
  expect(again.status).toBe(0);
});

it('measures one of its runs by hand in the task that its record names', () => {
  const { id } = records().find(({ profile }) => profile === 'activations') as RunRecord;
  const judge = ['node', '--import', 'tsx', 'bench/cli/judge.ts'];
  const { status, stdout, stderr } = command('of-run', ...judge, id, '--json', '--sandbox', 'off');
  expect([status, stdout], stderr).toEqual([0, expect.stringContaining('"probe_f1"')]);
});
