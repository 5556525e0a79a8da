import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import type { Config } from '../config/config.ts';
import { LocalExecutor } from '../executor/local.ts';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { newRepo } from '../fixtures/repo.ts';
import { keyOf } from './key.ts';
import { measureOn } from './measure.ts';
import { SecretStore } from './store.ts';

/** A judge that starts the encoder of the run's tree. */
const JUDGE = `
import { spawnSync } from 'node:child_process';
const [program, ...words] = JSON.parse(process.env.LOOP_ENCODE);
const tree = process.argv[process.argv.indexOf('--tree-dir') + 1];
const [script] = words.splice(-1);
spawnSync(program, [...words, tree + '/' + script]);
console.log(JSON.stringify(${JSON.stringify(exampleVerdict())}));
`;

it('has the encoder compute on the device and the threads that the run held', async () => {
  const repo = newRepo({ 'judge.mjs': JUDGE });
  const told = join(repo, 'told');
  const fixtures = join(import.meta.dirname, '../executor/fixtures');
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
  writeFileSync(
    join(repo, 'work/encode.mjs'),
    `import { writeFileSync } from 'node:fs';\nwriteFileSync('${told}', [process.env.CUDA_VISIBLE_DEVICES, process.env.ENGINE_THREADS].join(' '));`,
  );
  for (const name of ['CUDA_VISIBLE_DEVICES', 'ENGINE_THREADS']) vi.stubEnv(name, undefined);
  const tree = await snapshotTree({ repo, folder: 'work' });
  const task = exampleTask((contract) => Object.assign(contract, { devices: [0, 1] }));
  const profile = task.contract.profiles.tiny;
  const config = { task, repo, profile, profileName: 'tiny', leaderboard: 'tiny-1' } as unknown as Config;
  const loop = { config, sandbox: noSandbox('test'), executor: new LocalExecutor() };
  const store = new SecretStore(keyOf(repo, 'run/a'));
  store.world = async () => ({ folder: repo, hash: 'w' });
  const encodedOn = async (device: string | null, draw: number, threads?: number) => {
    const line = await measureOn(loop, store, {
      spec: { experiment: 'good', settings: {}, samples: 100, seed: 0, tree },
      ...{ draw, rows: 10, as: 'candidate', place: { device, threads }, timeoutSeconds: 60 },
      signal: new AbortController().signal,
    });
    expect(line?.result).toHaveProperty('metrics');
    return readFileSync(told, 'utf8');
  };
  expect(await encodedOn('1', 0)).toBe('1 ');
  // A run keeps its slot where TASK.md has another device by then.
  Object.assign(task.contract, { devices: [2] });
  expect(await encodedOn('1', 1)).toBe('1 ');
  expect(await encodedOn(null, 2)).toBe(' ');
  // Where runs are side by side, each has one thread, and its judging too.
  expect(await encodedOn(null, 3, 1)).toBe(' 1');
  rmSync(repo, { recursive: true });
});

it('keeps why a run could not be measured in the folder of the key alone', async () => {
  const repo = newRepo({
    'judge.mjs':
      "console.error('error: the encoder failed: \\x1b[31mit says this\\nand that'); process.exit(1);",
  });
  cpSync(join(import.meta.dirname, '../executor/fixtures/train.mjs'), join(repo, 'work/train.mjs'));
  const tree = await snapshotTree({ repo, folder: 'work' });
  const task = exampleTask();
  const profile = task.contract.profiles.tiny;
  const config = { task, repo, profile, profileName: 'tiny', leaderboard: 'tiny-1' } as unknown as Config;
  const key = keyOf(repo, 'run/a');
  const store = new SecretStore(key);
  store.world = async () => ({ folder: repo, hash: 'w' });
  const line = await measureOn({ config, sandbox: noSandbox('test'), executor: new LocalExecutor() }, store, {
    spec: { experiment: 'good', settings: {}, samples: 100, seed: 0, tree },
    ...{ draw: 3, rows: 10, as: 'candidate', place: { device: null }, timeoutSeconds: 60 },
    signal: new AbortController().signal,
  });
  expect(line?.result).toEqual({ failed: 'not measurable' });
  expect(readFileSync(join(key.folder, 'verdicts.jsonl'), 'utf8')).not.toContain('says');
  const log = join(key.folder, 'unmeasured.log');
  expect(readFileSync(log, 'utf8')).toMatch(/^\S+Z candidate on world 3: exit code 1: .*it says this.*\n$/);
  expect(statSync(log).mode & 0o077).toBe(0);
  rmSync(repo, { recursive: true });
});
