import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Executor } from '#agent/executor/executor';
import { LocalExecutor } from '#agent/executor/local';
import { SlurmExecutor } from '#agent/executor/slurm/slurm';
import { exampleTask } from '#agent/fixtures/examples';
import { git } from '#host/git';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { Cluster } from '../slurm/cluster.ts';
import { middle } from './figures.ts';

export interface Overhead {
  /** Medians, in seconds: from the request of a run to its end. */
  local: number;
  slurm: number;
  overhead: number;
  runs: number;
}

/** Trains so many runs of the smallest task here and as jobs of a Slurm on this machine, in turn. */
export async function overhead(runs: number): Promise<Overhead> {
  const folder = mkdtempSync(join(tmpdir(), 'slurm-'));
  const cluster = new Cluster(join(folder, 'cluster'));
  const repo = join(folder, 'repo');
  const fixtures = join(import.meta.dirname, '../../agent/executor/fixtures');
  mkdirSync(repo);
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
  await git(repo, ['init', '-q']);
  const tree = await snapshotTree({ repo, folder: 'work' });
  const taskOf = (executor: object) =>
    exampleTask((contract) => {
      Object.assign(contract, { serve: 'node serve.mjs', executor });
    });
  const timed = async (executor: Executor, task: ReturnType<typeof taskOf>) => {
    const began = performance.now();
    const { done } = await executor.start({
      ...{ repo, task, profileName: 'tiny', experiment: 'good', settings: {}, samples: 5000, seed: 7 },
      ...{ sprint: null, tree, sandbox: noSandbox('measurement') },
    });
    const { status, reason } = await done;
    if (status !== 'finished') throw new Error(`a run ended as ${status}: ${reason}`);
    return (performance.now() - began) / 1000;
  };
  try {
    await cluster.start();
    Object.assign(process.env, cluster.env);
    const [here, jobs] = [new LocalExecutor(), new SlurmExecutor()];
    const times: { local: number; slurm: number }[] = [];
    for (let i = 0; i < runs; i++)
      times.push({
        local: await timed(here, taskOf({})),
        slurm: await timed(jobs, taskOf({ slurm: { resources: {}, sbatch: [] } })),
      });
    const [local, slurm] = [middle(times.map((t) => t.local)), middle(times.map((t) => t.slurm))];
    return { local, slurm, overhead: slurm - local, runs };
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
