import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sprintsDir } from '#agent/common/paths';
import { readSprints } from '#agent/ledger/ledger';
import type { Sprint } from '#contract/sprint';
import { Verdict } from '#contract/verdict';
import { cleanEnv } from '#host/env';
import { worktreeOf } from '#host/worktree';
import { commitAll, copiedCheckout } from '../../test/checkout.ts';

// A short night of the offline replay on a folder of rows, by the task of this folder.
const root = realpathSync(mkdtempSync(join(tmpdir(), 'night-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const rows = join(root, 'rows');

/** The example's profile at the size of the folder: k and width of the world that its rows are from. */
const PROFILE = `  activations:
    world: activations:${rows}
    requires: node --import tsx bench/cli/ready.ts --profile activations
    settings: { d_sae: 128, k: 3.55, lr: 0.004 }
    constraints: { samples: "<=205824", width: "==128", learning_rate: "==0.004" }
    guards: { l0: ">=3 and <=4" }
    budgets: { screen: 51200, rank: 102400, full: 204800 }
    normalisation: 102400
    evaluation: { verdict: 6000, snapshot: 2000 }
    noise: 0.03
    confirm: { samples: 153600, looks: [2], rows: 4000, share: 1 }
    timeout: 600
---`;

let repo: string;
let said: string;
let sprints: Sprint[];

const start = (...words: string[]) =>
  spawnSync(process.execPath, ['./host/start.mjs', ...words], {
    cwd: repo,
    env: cleanEnv(),
    encoding: 'utf8',
  });
const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: worktreeOf(repo), encoding: 'utf8' }).trim();
const candidateOf = (sprint: Sprint) => sprint.runs.find((run) => run.id === sprint.candidate);

beforeAll(() => {
  repo = copiedCheckout();
  const task = readFileSync(join(repo, 'examples/activations/TASK.md'), 'utf8');
  writeFileSync(
    join(repo, 'TASK.md'),
    task.replace(/ {2}activations:\n[\s\S]*?\n---/, () => PROFILE),
  );
  commitAll(repo);
  const words = ['--world', 'small', '--rows', '1000000', '--into', rows];
  const written = start('bench/cli/serve.ts', ...words);
  expect(written.status, written.stderr).toBe(0);
  const night = start('agent/cli/loop.ts', '--researcher', 'offline', '--max-sprints', '2');
  said = night.stdout + night.stderr;
  expect(night.status, said).toBe(0);
  sprints = readSprints(sprintsDir(repo));
});

describe('a night on activations', () => {
  it('measures by probes on held-out rows, and confirms the first best on other parts', () => {
    expect(sprints).toHaveLength(2);
    const [first] = sprints;
    expect([first.outcome, first.metric, first.leaderboard]).toEqual([
      'new-best',
      'probe_f1',
      expect.stringMatching(/^activations/),
    ]);
    expect(first.verdict).toMatchObject({
      world: { name: `activations:${rows}`, kind: 'rows' },
      metrics: { probes: 64 },
      observed: { width: 128, samples: 204_800 },
    });
    expect(first.confirmed).toMatchObject({ result: 'confirmed', samples: 153_600 });
    // Two to be confirmed, and one more where it is still the best at the end of the night.
    expect([2, 3]).toContain(first.confirmed?.candidate.n);
    // Other rows and other seeds: not the numbers of the public part.
    expect(first.confirmed?.candidate.deviation.probe_f1).toBeGreaterThan(0);
    expect(candidateOf(first)?.evals.map(({ metrics }) => Object.keys(metrics))).toEqual(
      expect.arrayContaining([expect.arrayContaining(['probe_f1', 'explained_variance'])]),
    );
  });

  it('ranks the recipes of the path as their true features do', () => {
    const places = sprints.map((sprint) => {
      const run = join(repo, 'checkpoints', String(sprint.candidate));
      const words = ['--world', 'small', '--samples', '6000', '--sandbox', 'off', '--json'];
      const truth = start('bench/cli/judge.ts', run, ...words);
      expect(truth.status, truth.stderr).toBe(0);
      const { metrics } = Verdict.parse(JSON.parse(truth.stdout.trim().split('\n').at(-1) ?? ''));
      return { f1: metrics.f1, probe_f1: sprint.verdict?.metrics.probe_f1 };
    });
    const by = (of: 'f1' | 'probe_f1') =>
      [...places.keys()].sort((a, b) => Number(places[b]?.[of]) - Number(places[a]?.[of]));
    expect(by('probe_f1')).toEqual(by('f1'));
  });

  it('goes on by what the probes said: predicts their number, and compares with it', () => {
    const [first, second] = sprints;
    const shown = Number(first.verdict?.metrics.probe_f1.toPrecision(4));
    expect(second.predicted).toEqual({ probe_f1: shown });
    expect(second.bestBefore?.metrics.probe_f1).toBe(first.verdict?.metrics.probe_f1);
    expect(second.verdict?.metrics.probe_f1).toBeGreaterThan(0);
    expect(second.summary).toMatch(/^probe_f1 0\.\d+ in the last snapshot, (above|below) the present best/);
    // Two pairs decide little, and a best that trains worse than it did is held: any of these is a result.
    expect(['new-best', 'stacked', 'no-gain', 'degenerate', 'held']).toContain(second.outcome);
  });

  it('tells the researcher the number that decides', () => {
    const folder = join(repo, 'state/transcripts');
    const [prompt] = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(prompt).toContain(
      'on up to 2 secret parts of the same folder, whose rows are held out and turned',
    );
    expect(prompt).toContain('metric that decides: probe_f1 (max); a gain of 0.03 or less is noise');
  });

  it('is in the commits, with a best and a leaderboard of its own', () => {
    const [first] = sprints;
    const trailers = git('log', '--grep', '^Sprint 1:', '-1', '--format=%(trailers:only)');
    expect(trailers).toContain(`Probe-f1: ${Number(first.verdict?.metrics.probe_f1.toPrecision(4))}`);
    expect(trailers).toMatch(/^Confirmed: confirmed, Probe-f1 0\.\d+ ± 0\.\d+ \(n 2\)$/m);
    expect(git('rev-parse', 'best/activations')).not.toBe('');
    const subjects = git('log', '--format=%s');
    expect(subjects).toContain('Publish the hash of the key of the secret parts');
    expect(subjects).not.toContain('secret world');
  });

  it('is reported in the words of held-out rows', () => {
    const reports = join(repo, 'reports');
    const report = readFileSync(join(reports, `${sprints[0].id}.md`), 'utf8');
    expect(report).toContain('secret parts');
    expect(report).toContain('held-out rows');
    // The brief of the task says what a secret world is here; what is ours does not.
    expect(report).not.toMatch(/secret world|public world|fresh samples/);
    expect(readdirSync(reports).filter((name) => name.endsWith('.pdf'))).toHaveLength(2);
    const notebook = readFileSync(join(reports, 'index.html'), 'utf8');
    expect(notebook).toContain('secret parts');
    expect(said).toMatch(/to be confirmed on secret parts: /);
    expect(said).not.toContain('secret world');
    expect(said).toMatch(/Confirmed: +probe_f1 0\.\d+ ± 0\.\d+ \(n \d\) on secret parts/);
  });

  it('leaves nothing of a secret part where the researcher could read it', () => {
    expect(readdirSync(join(repo, 'checkpoints')).filter((name) => /-s\d{6,}/.test(name))).toEqual([]);
    expect(existsSync(join(worktreeOf(repo), 'part.json'))).toBe(false);
  });
});
