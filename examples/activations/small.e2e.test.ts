import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { sprintsDir } from '#agent/common/paths';
import { readSprints } from '#agent/ledger/ledger';
import { cleanEnv } from '#host/env';
import { commitAll, copiedCheckout } from '../../test/checkout.ts';

// The shortest night on a folder as SAELens writes it, by the task of this folder with small sizes.
let repo: string;
const small = (name: string) => join(repo, 'examples/activations/small', name);

function take(folder: string): void {
  const task = readFileSync(join(repo, 'examples/activations/TASK.md'), 'utf8');
  const sizes: [RegExp, string][] = [
    [/world: activations:.*/, `world: activations:${folder}`],
    [/settings: \{ d_sae.*/, 'settings: { d_sae: 32, k: 3, lr: 0.004 }'],
    [/constraints: .*/, 'constraints: { samples: "<=4096", width: "==32", learning_rate: "==0.004" }'],
    [/l0: ">=15 and <=17"/, 'l0: ">=2 and <=4"'],
    [/budgets: .*/, 'budgets: { screen: 1024, rank: 2048, full: 3072 }'],
    [/normalisation: .*/, 'normalisation: 2048'],
    [/evaluation: .*/, 'evaluation: { verdict: 100, snapshot: 40 }'],
    // 64 contexts are too few for secret parts: in one of a hundred nothing would be held out.
    [/confirm: .*/, 'confirm: false'],
  ];
  writeFileSync(
    join(repo, 'TASK.md'),
    sizes.reduce((text, [from, to]) => text.replace(from, to), task),
  );
  commitAll(repo);
}

const start = (...words: string[]) =>
  spawnSync(process.execPath, ['./host/start.mjs', ...words], {
    ...{ cwd: repo, env: cleanEnv(), encoding: 'utf8' },
  });
const loop = (...words: string[]) => start('agent/cli/loop.ts', '--researcher', 'offline', ...words);

beforeAll(() => {
  repo = copiedCheckout();
});

it('says in one line what a folder lacks, before anything is written', () => {
  take(small('minilm'));
  const { status, stdout, stderr } = loop('--dry');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(
    /^error: profile "activations" cannot run here: .*: none of 630 rows is held out; .*\n$/,
  );
});

it('measures a candidate by its probes on all rows that are held out, and shows its latents', () => {
  take(small('saelens-float32'));
  const night = loop('--max-sprints', '1');
  expect(night.status, night.stdout + night.stderr).toBe(0);
  const [sprint] = readSprints(sprintsDir(repo));
  expect(sprint).toMatchObject({
    outcome: 'new-best',
    metric: 'probe_f1',
    verdict: { world: { kind: 'rows' }, evaluation: { all: true } },
  });
  const inspect = ['node', 'host/start.mjs', 'bench/cli/inspect-by-hand.ts', String(sprint.candidate)];
  const { status, stdout, stderr } = start('agent/cli/of-run.ts', ...inspect, '--worst', '3');
  expect([status, stdout], stderr).toEqual([
    0,
    expect.stringMatching(/32 latents, \d+ held-out rows\nprobe_f1 [\s\S]*token \d+\n[\s\S]*\[\d+\]/),
  ]);
});
