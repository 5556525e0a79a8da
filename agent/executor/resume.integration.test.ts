import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { git } from '#host/git';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { exampleTask } from '../fixtures/examples.ts';
import { LocalExecutor } from './local.ts';

let repo: string;
let tree: string;
const executor = new LocalExecutor();
const task = exampleTask((contract) => {
  contract.serve = 'node serve.mjs';
  contract.profiles.tiny.normalisation = 1000;
  contract.profiles.tiny.batch = 600;
});
const sandbox = noSandbox('test');

beforeAll(async () => {
  repo = mkdtempSync(join(tmpdir(), 'resume-'));
  const fixtures = join(import.meta.dirname, 'fixtures');
  await git(repo, ['init', '-q']);
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
  tree = await snapshotTree({ repo, folder: 'work' });
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const start = (experiment: string, device?: string) =>
  executor.start({
    ...{ repo, task, sandbox, tree, profileName: 'tiny', experiment, settings: { k: '3' } },
    ...{ samples: 5000, seed: 7, sprint: null, device },
  });
const resume = (dir: string, device?: string) =>
  executor.resume({ repo, task, sandbox: noSandbox('resumed'), dir, device });
const text = (path: string) => readFileSync(path, 'utf8');

it('goes on in its folder, from the batch that was saved, and counts every row once', async () => {
  const run = await start('pausing');
  while (!existsSync(join(run.dir, 'out/optimizer.safetensors'))) await sleep(20);
  await expect(resume(run.dir)).rejects.toThrow(/its trainer is still running \(process \d+\)/);
  const stopped = await run.stop('stopped by hand');
  expect(stopped).toMatchObject({ status: 'killed', reason: 'stopped by hand', endedBy: 'user' });
  // A command that was killed leaves a record that says `running`.
  const path = join(run.dir, 'run.json');
  expect(JSON.parse(text(path))).toEqual(stopped);

  // The saved position counts in batches of the size that the run began with.
  task.contract.profiles.tiny.batch = 700;
  const resumed = await (await resume(run.dir)).done;
  expect(resumed).toEqual({
    ...{ ...stopped, endedBy: 'trainer' },
    ...{ status: 'finished', reason: null, endedAt: resumed.endedAt, seconds: resumed.seconds },
    // 5,000 rows and 1,000 for the norm, in whole batches.
    rowsServed: (9 + 2) * 600,
    sandbox: 'off (test), then off (resumed)',
    // The task is another one meanwhile, so no later run is the same.
    fingerprint: undefined,
  });
  expect(resumed.seconds).toBeGreaterThan(stopped.seconds as number);
  expect(JSON.parse(text(join(run.dir, 'trainer.log')))).toEqual({ rows: 9 * 600, resumed: true });
  expect(text(join(run.dir, 'serve.log'))).toContain('from batch 2\n');
  expect(JSON.parse(text(path))).toEqual(resumed);

  await expect(resume(run.dir)).rejects.toThrow(/this run has finished; there is nothing to continue/);
  expect(JSON.parse(text(path))).toEqual(resumed);
});

it.each([
  ['another GPU', '0'],
  ['no GPU of its own', undefined],
])('goes on with %s where it is given that, whatever it had before', async (_, device) => {
  const run = await start('pausing', '1');
  while (!existsSync(join(run.dir, 'out/optimizer.safetensors'))) await sleep(20);
  expect((await run.stop('stopped by hand')).device).toBe('1');
  const resumed = await resume(run.dir, device);
  expect(JSON.parse(text(join(run.dir, 'run.json'))).device).toBe(device);
  expect((await resumed.done).device).toBe(device);
});

it('takes no row back that was served, whatever batch the trainer names, unless it begins anew', async () => {
  const run = await start('pausing');
  while (!existsSync(join(run.dir, 'out/optimizer.safetensors'))) await sleep(20);
  const stopped = await run.stop('stopped by hand');
  const path = join(run.dir, 'run.json');
  // As of a trainer that has read far more than the batch that it saved says.
  writeFileSync(path, JSON.stringify({ ...stopped, rowsServed: 50_000 }));
  expect((await (await resume(run.dir)).done).rowsServed).toBe(50_000);

  writeFileSync(path, JSON.stringify({ ...stopped, rowsServed: 50_000 }));
  rmSync(join(run.dir, 'out/optimizer.safetensors'));
  const anew = await executor.resume({ repo, task, sandbox, dir: run.dir, orAnew: true });
  while (!existsSync(join(run.dir, 'out/optimizer.safetensors'))) await sleep(20);
  expect((await anew.stop('stopped by hand')).rowsServed).toBeLessThan(50_000);
});

it('says how to begin again where nothing was saved', async () => {
  const run = await start('diverge');
  await run.done;
  await expect(resume(run.dir)).rejects.toThrow(
    /the run had saved nothing yet; train again: npm run train -- diverge --profile tiny --samples 5000 --seed 7 --set k=3/,
  );
  await expect(resume(repo)).rejects.toThrow(/not a run folder/);
});
