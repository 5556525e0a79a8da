import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { RunHandle, RunRequest } from '#agent/executor/executor';
import { SlurmExecutor } from '#agent/executor/slurm/slurm';
import { exampleTask } from '#agent/fixtures/examples';
import type { Slurm } from '#contract/executor';
import { git } from '#host/git';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { Cluster, type Node } from './cluster.ts';

/** A real Slurm for the tests of one file, and a repository on what its nodes share. */
export function scene() {
  const folder = mkdtempSync(join(tmpdir(), 'slurm-'));
  const cluster = new Cluster(join(folder, 'cluster'));
  const repo = join(folder, 'repo');
  let tree = '';

  beforeAll(async () => {
    await cluster.start();
    Object.assign(process.env, cluster.env);
    const fixtures = join(import.meta.dirname, '../../agent/executor/fixtures');
    mkdirSync(repo);
    cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
    cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
    await git(repo, ['init', '-q']);
    tree = await snapshotTree({ repo, folder: 'work' });
  });
  afterEach(async () => {
    await cluster.empty();
  });
  afterAll(async () => {
    await cluster.stop();
    if (!process.env.KEEP_TMP) rmSync(folder, { recursive: true, force: true });
  });

  const task = (slurm: Partial<Slurm> = {}) =>
    exampleTask((contract) => {
      contract.serve = 'node serve.mjs';
      for (const profile of Object.values(contract.profiles)) profile.normalisation = 1000;
      contract.executor = { slurm: { resources: {}, sbatch: [], ...slurm } };
    });
  const executor = (pace: ConstructorParameters<typeof SlurmExecutor>[0] = {}) =>
    new SlurmExecutor({ pollMs: 100, askMs: 500, lagSeconds: 4, ...pace });
  return {
    ...{ folder, cluster, repo, task, executor },
    start: (experiment: string, over: Partial<RunRequest> = {}, by = executor()) =>
      by.start({
        ...{ repo, task: task(), profileName: 'tiny', experiment, settings: {}, samples: 5000, seed: 7 },
        ...{ sprint: null, tree, sandbox: noSandbox('test'), ...over },
      }),
    /** Holds nodes by a job that does nothing, for so many seconds. Returns the id of the job. */
    hold: (seconds: number, ...words: string[]) =>
      cluster.ask(
        'sbatch',
        '--parsable',
        '--export=NIL',
        '--output=/dev/null',
        ...words,
        `--wrap=sleep ${seconds}`,
      ),
    /** Waits until that many jobs run. */
    running: (count: number) =>
      until(
        () => (cluster.ask('squeue', '--noheader', '--states=RUNNING').match(/\S.*/g) ?? []).length === count,
      ),
  };
}

/** What a run's folder says of its job. */
export const jobOf = ({ dir }: RunHandle) => {
  const read = (name: string) => {
    const path = join(dir, 'slurm', name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  };
  const began = read('began.json') as { id: string; node: Node; restart: number } | null;
  return { began, id: read('job.json')?.id as string | undefined };
};

/** Everything that a run has waited for, in order, without what lasts a moment only. */
export function waitsOf(run: RunHandle): string[] {
  const all: string[] = [];
  run.onWaiting?.((reason) => all.push(reason ?? 'trains'));
  return all;
}

const PATIENCE_SECONDS = 100;

export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_SECONDS * 1000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`did not come to hold in ${PATIENCE_SECONDS} s: ${holds}`);
    await sleep(50);
  }
}

/** Waits until a run that saves and then waits has saved. */
export const saved = ({ dir }: RunHandle) => until(() => existsSync(join(dir, 'out/optimizer.safetensors')));
