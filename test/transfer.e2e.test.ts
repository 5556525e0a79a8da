import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout } from './checkout.ts';

vi.setConfig({ testTimeout: 240_000 });

let repo: string;
const data = () => join(repo, 'examples/activations/small/saelens-float32');
function transfer(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', './host/start.mjs', 'agent/cli/transfer.ts', ...words],
    { cwd: repo, env: cleanEnv(), encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}
/** Two lines at two values and one variation, in both worlds: eight runs. */
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
  ]);
  change('examples/activations/TASK.md', [
    [/settings: \{ d_sae: 1536.*/, 'settings: { d_sae: 32, k: 3, lr: 0.004 }'],
    [/evaluation: .*/, 'evaluation: { verdict: 40, snapshot: 40 }'],
  ]);
  commitAll(repo);
});

it('refuses what is not there in one line', () => {
  const none = transfer('--sandbox', 'off');
  expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/^error: --activations is missing/)]);
  const gone = transfer('--activations', '/no/such/folder', '--sandbox', 'off');
  expect([gone.status, gone.stderr]).toEqual([2, expect.stringContaining('there is no such folder')]);
});

it('plans, trains in both worlds, writes the page, and makes nothing twice', () => {
  const dry = transfer(...all(), '--dry');
  expect(dry.stdout).toContain('8 runs · 8 to train: 5 in profile activations');
  expect(dry.stderr).toContain('left out, since the workspace lacks them: no_such_sweep');
  expect(existsSync(join(repo, 'checkpoints'))).toBe(false);
  const made = transfer(...all());
  expect(made.status, made.stderr).toBe(0);
  expect(made.stdout).toMatch(/rank correlation .* not shown/);
  const page = made.stdout.trim().split('\n').at(-1) ?? '';
  const words = readFileSync(join(page, '../README.md'), 'utf8');
  expect(words).toContain('8 of 8 runs');
  expect(words).toMatch(/^\| baseline.{1,3}batchtopk +\| +6 +\|/m);
  expect(readFileSync(page, 'utf8')).toContain('<svg');
  expect(statSync(join(page, '../transfer.pdf')).size).toBeGreaterThan(10_000);
  const again = transfer(...all());
  expect(again.stderr + again.stdout).toContain('8 runs · 8 made already · 0 to train');
  expect(again.status).toBe(0);
});
