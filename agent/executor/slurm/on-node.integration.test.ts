import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { git } from '#host/git';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { exampleTask } from '../../fixtures/examples.ts';
import type { RunHandle } from '../executor.ts';
import { trainerOf } from '../left-running.ts';
import { beginRun, type Prepared } from '../prepare.ts';
import { readBegan, readEnded, writeAsked } from './files.ts';

const task = exampleTask((contract) => {
  contract.serve = 'node serve.mjs';
  contract.profiles.tiny.normalisation = 1000;
});

/** A run that is prepared for a job of this name. */
async function prepared(experiment: string, name: string): Promise<string> {
  const repo = mkdtempSync(join(tmpdir(), 'on-node-'));
  const fixtures = join(import.meta.dirname, '../fixtures');
  await git(repo, ['init', '-q']);
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
  const tree = await snapshotTree({ repo, folder: 'work' });
  let run: Prepared | undefined;
  await beginRun(
    {
      ...{ repo, task, tree, experiment, profileName: 'tiny', settings: {}, samples: 5000, seed: 7 },
      ...{ sprint: null, sandbox: noSandbox('test') },
    },
    async (ready) => {
      run = ready;
      return {} as RunHandle;
    },
  );
  const { dir, record, treeDir, from, earlier } = run as Prepared;
  const { path: taskPath, contract } = task;
  writeAsked(dir, { name, repo, taskPath, contract, record, treeDir, from, earlier, noSandbox: 'test' });
  return dir;
}

const onNode = (dir: string): ChildProcess =>
  spawn(
    process.execPath,
    [
      '--import',
      join(import.meta.dirname, '../../../host/start.mjs'),
      join(import.meta.dirname, 'on-node.ts'),
    ],
    { cwd: dir, stdio: 'ignore', env: { ...process.env, SLURM_RESTART_COUNT: '0', SLURM_JOB_ID: '12' } },
  );

it('goes on from what it saved, though Slurm has forgotten that it started the job before', async () => {
  const dir = await prepared('pausing', 'loop-1');
  const first = onNode(dir);
  while (!existsSync(join(dir, 'out/optimizer.safetensors'))) await sleep(20);
  // A job that Slurm takes away at once.
  first.kill('SIGKILL');
  process.kill(trainerOf(dir) as number, 'SIGKILL');
  const second = onNode(dir);
  await new Promise((resolve) => second.once('close', resolve));
  expect(readBegan(dir, 'loop-1')).toMatchObject({ restart: 1, id: '12' });
  expect(readEnded(dir, 'loop-1')?.record).toMatchObject({ status: 'finished', rowsServed: (2 + 4) * 1024 });
  expect(JSON.parse(readFileSync(join(dir, 'trainer.log'), 'utf8'))).toEqual({
    ...{ rows: 4 * 1024, resumed: true },
  });
});
