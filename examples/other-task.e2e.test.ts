import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sprintsDir } from '#agent/common/paths';
import { readSprints } from '#agent/ledger/ledger';
import { cleanEnv } from '#host/env';
import { worktreeOf } from '#host/worktree';

const python = spawnSync('python3', ['-c', 'import http.server, json']).status === 0;

it.skipIf(!python)(
  'another task, in another language and to be minimised, runs on the unchanged loop',
  () => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
    const repo = join(home, 'task');
    const start = fileURLToPath(new URL('./start.mjs', import.meta.url));
    const words = [start, '--into', repo, '--max-sprints', '2'];
    const night = spawnSync(process.execPath, words, { env: cleanEnv({ HOME: home }), encoding: 'utf8' });
    expect(night.status, night.stdout + night.stderr).toBe(0);

    const sprints = readSprints(sprintsDir(repo));
    expect(sprints.map((s) => [s.outcome, s.metric, s.goal])).toEqual(
      Array(2).fill(['new-best', 'bpc', 'min']),
    );
    const [first, second] = sprints.map((s) => s.verdict?.metrics.bpc ?? Number.NaN);
    // Fewer bits are a gain. No value is below the entropy of the language or above that of a uniform guess.
    expect(second).toBeLessThan(first - 0.2);
    expect(second).toBeGreaterThan(1.3);
    expect(first).toBeLessThan(Math.log2(27));
    // The data service counts samples in whole batches, and snapshots are measured during training.
    expect(sprints[1].verdict?.observed.samples).toBe(100_352);
    const runs = sprints[1].runs.map((run) => [run.status, run.settings, run.evals.length]);
    expect(runs).toEqual([
      ['finished', { order: '5' }, 3],
      ['finished', { order: '4' }, 3],
      ['finished', { order: '3' }, 3],
    ]);
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: worktreeOf(repo), encoding: 'utf8' }).trim();
    expect(git('rev-parse', 'best/small')).toBe(git('rev-parse', 'HEAD'));
    expect(git('status', '--porcelain')).toBe('');

    const report = readFileSync(join(repo, 'reports', `${sprints[1].id}.md`), 'utf8');
    expect(report).toContain('from the floor of 1.32');
    expect(report).toMatch(/−0\.\d+ to the best before, noise 0\.\d+: new best/);
    expect(readdirSync(join(repo, 'reports')).filter((name) => name.endsWith('.pdf'))).toHaveLength(2);
    // No word of the SAE task is left in what a reader sees.
    expect(`${report}\n${night.stdout}`).not.toMatch(/\b(sae|latent|autoencoder|F1|MCC|L0)s?\b/);
  },
);

it.skipIf(!python)('waits on Ctrl-C for the loop to end in good order', async () => {
  const repo = join(mkdtempSync(join(tmpdir(), 'home-')), 'task');
  const start = fileURLToPath(new URL('./start.mjs', import.meta.url));
  const night = spawn(process.execPath, [start, '--into', repo], { env: cleanEnv(), detached: true });
  let said = '';
  night.stdout.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = new Promise((resolve) => night.once('close', resolve));
  while (!said.includes('Sprint 1')) await sleep(50);
  process.kill(-Number(night.pid), 'SIGINT');
  expect(await ended).toBe(130);
  expect(said).toContain('Stopped: Ctrl-C.');
  expect(said).toContain(`The repository is ${repo}`);
});

it.skipIf(!python)('says in one line what is wrong with the command', () => {
  const run = fileURLToPath(new URL('../agent/cli/run.mjs', import.meta.url));
  const said = spawnSync(process.execPath, [run, '../loop'], { encoding: 'utf8' });
  expect([said.status, said.stderr]).toEqual([
    2,
    'error: which command? loop, status, hint, stop, pause, resume, train, best or report\n',
  ]);
});

it('starts nothing for --help, and leaves nothing where a flag is wrong', () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'home-')));
  const start = fileURLToPath(new URL('./start.mjs', import.meta.url));
  const example = (...flags: string[]) => {
    const words = [start, '--into', join(home, 'task'), ...flags];
    return spawnSync(process.execPath, words, { env: cleanEnv({ HOME: home }), encoding: 'utf8' });
  };
  expect(example('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('npm run example -- --into'),
  });
  expect(example('--frob')).toMatchObject({
    status: 2,
    stderr: "error: unknown option '--frob' (--help shows the options)\n",
  });
  expect(readdirSync(home)).toEqual([]);
});
