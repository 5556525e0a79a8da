import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import { emptyFolder } from '../fixtures/repo.ts';
import { CUT_OFF, cutOffRuns, unmeasuredRuns } from './interrupted.ts';
import { left, newJob } from './job.ts';

const record: RunRecord = {
  version: 2,
  ...{
    id: 'r',
    researcherId: 'a',
    sprint: 's',
    experiment: 'plain',
    settings: {},
    profile: 'tiny',
    seed: 0,
    samples: 100_000,
  },
  ...{ tree: 'a'.repeat(40), startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:01:00Z' },
  ...{ status: 'killed', reason: CUT_OFF, endedBy: 'loop', seconds: 60, rowsServed: null, sandbox: 'off' },
  machine: { host: 'h', cpu: 'x', cores: 1, gpu: null, node: 'v20' },
};

/** A repository with one run, saved up to this batch of its stream; null: nothing was saved. */
function repoWith(nextBatch: string | null, more: Partial<RunRecord> = {}): string {
  const repo = emptyFolder();
  const dir = join(repo, 'checkpoints/r');
  mkdirSync(join(dir, 'out'), { recursive: true });
  writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...record, ...more }));
  if (nextBatch === null) return repo;
  const header = Buffer.from(JSON.stringify({ __metadata__: { next_batch: nextBatch } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(dir, 'out/optimizer.safetensors'), Buffer.concat([length, header]));
  return repo;
}

const at = (repo: string, running = false) => ({
  repo,
  executor: { isRunning: () => running, goesOn: () => false },
});
const profile = { batch: 512, normalisation: 0 };

it('goes on with what is left of a run: the rows before its training, and those trained on, are done', () => {
  const [run] = cutOffRuns(at(repoWith('60')), ['r'], { ...profile, normalisation: 10 * 512 });
  expect(run).toMatchObject({ id: 'r', earlier: { seconds: 60, samples: 50 * 512 } });
  // The spec stays that of the whole run: runs are told apart by it.
  expect(run.spec.samples).toBe(100_000);
  expect(left({ ...newJob([]), earlier: run.earlier }, run.spec).samples).toBe(100_000 - 50 * 512);
  const [early] = cutOffRuns(at(repoWith('3')), ['r'], { ...profile, normalisation: 10 * 512 });
  expect(left({ ...newJob([]), earlier: early.earlier }, early.spec).samples).toBe(100_000);
  const [late] = cutOffRuns(at(repoWith('1000')), ['r'], profile);
  expect(left({ ...newJob([]), earlier: late.earlier }, late.spec).samples).toBe(0);
});

it('begins anew with what was never saved, or says no batch', () => {
  for (const saved of [null, 'many'])
    expect(cutOffRuns(at(repoWith(saved)), ['r'], profile)).toMatchObject([
      { earlier: { seconds: 0, samples: 0 } },
    ]);
});

it('goes on with what the loop ended, whatever its reason says, and with nothing else', () => {
  const ended = (more: Partial<RunRecord>) => cutOffRuns(at(repoWith('60', more)), ['r'], profile).length;
  expect(ended({ endedBy: 'loop', reason: 'in other words' })).toBe(1);
  for (const endedBy of ['sprint', 'researcher', 'user', 'limit', 'outside'] as const)
    expect(ended({ endedBy, reason: CUT_OFF }), endedBy).toBe(0);
  expect(ended({ status: 'finished', endedBy: undefined, reason: null })).toBe(0);
  // The reason alone does not count.
  expect(ended({ endedBy: undefined })).toBe(0);
});

it('leaves alone what still trains', () => {
  expect(cutOffRuns(at(repoWith('60'), true), ['r'], profile)).toEqual([]);
});

it('measures what a finished run has left, and nothing where its trainer put no folder of snapshots', () => {
  const repo = repoWith(null, { status: 'finished', reason: null });
  const evals = join(repo, 'checkpoints/r/out/evals');
  expect(unmeasuredRuns(repo, ['r'])).toEqual([]);
  writeFileSync(evals, 'no folder');
  expect(unmeasuredRuns(repo, ['r'])).toEqual([]);
  rmSync(evals);
  mkdirSync(evals);
  writeFileSync(join(evals, '1024.safetensors'), '');
  expect(unmeasuredRuns(repo, ['r'])).toEqual(['r']);
});
