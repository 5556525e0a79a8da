import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Progress, RunRecord, specOf } from '#contract/run';
import type { Task } from '#contract/task';
import { openDescriptors } from '#host/fixtures/descriptors';
import { git } from '#host/git';
import { isAlive, processStart, seesProcesses } from '#host/processes';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { exampleTask } from '../fixtures/examples.ts';
import type { RunRequest } from './executor.ts';
import { processesOf } from './left-running.ts';
import { LocalExecutor } from './local.ts';

let repo: string;
let tree: string;
const withService = exampleTask((contract) => {
  contract.serve = 'node serve.mjs';
  contract.profiles.tiny.normalisation = 1000;
  contract.profiles.hasty = { ...contract.profiles.tiny, timeout: 0.5 };
  for (const name of ['broken', 'dying']) contract.profiles[name] = contract.profiles.tiny;
});

beforeAll(async () => {
  repo = mkdtempSync(join(tmpdir(), 'executor-'));
  const fixtures = join(import.meta.dirname, 'fixtures');
  await git(repo, ['init', '-q']);
  cpSync(join(fixtures, 'serve.mjs'), join(repo, 'serve.mjs'));
  cpSync(join(fixtures, 'train.mjs'), join(repo, 'work/train.mjs'));
  tree = await snapshotTree({ repo, folder: 'work' });
  // The folder now differs from the snapshot.
  writeFileSync(join(repo, 'work/train.mjs'), 'process.exit(9)');
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const start = (experiment: string, over: Partial<RunRequest> = {}, task: Task = withService) =>
  new LocalExecutor().start({
    ...{
      repo,
      task,
      profileName: 'tiny',
      experiment,
      settings: {},
      samples: 5000,
      seed: 7,
      sprint: null,
      tree,
    },
    ...{ sandbox: noSandbox('test'), ...over },
  });
const runs = () =>
  existsSync(join(repo, 'checkpoints')) ? readdirSync(join(repo, 'checkpoints')).length : 0;

const gone = (pid: number) => expect.poll(() => isAlive(pid, processStart(pid))).toBe(false);

const words = ['good', '--profile', 'tiny', '--samples', '5000', '--seed', '7'];

describe('a run', () => {
  it('trains from its tree on a stream of its own, and leaves a complete record', async () => {
    process.env.SOME_API_KEY = 'secret';
    const run = await start('good', { settings: { k: '3' } });
    delete process.env.SOME_API_KEY;
    const seen: Progress[] = [];
    run.onProgress((progress) => seen.push(progress));
    expect(RunRecord.parse(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8'))).status).toBe(
      'running',
    );
    const record = await run.done;
    expect(record).toMatchObject({
      status: 'finished',
      reason: null,
      tree,
      seed: 7,
      samples: 5000,
      sandbox: 'off (test)',
    });
    // 5 batches to train on and one for the norm; the last stays in the pipe.
    expect(record.rowsServed).toBe(6 * 1024);
    expect(record.drawnBy).toBe('a card, driver "1"');
    expect(specOf(record)).toEqual({
      experiment: 'good',
      settings: { k: '3' },
      samples: 5000,
      seed: 7,
      tree,
    });
    expect(RunRecord.parse(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8')))).toEqual(record);
    const said = JSON.parse(readFileSync(join(run.dir, 'trainer.log'), 'utf8'));
    expect(said).toEqual({
      rows: 5000,
      cwd: join(repo, 'state/trees', tree),
      args: [...words, '--set', 'k=3', '--out', join(run.dir, 'out')],
    });
    expect(seen.map((progress) => progress.samples)).toEqual([1, 2]);
    expect(run.id).toMatch(/^\d{4}-\d\d-\d\d--\d\d-\d\d-\d\d-good-k=3-s7/);
    expect(run.dir).toBe(join(repo, 'checkpoints', run.id));
    expect(await git(repo, ['rev-parse', `refs/loop/runs/${run.id}`])).toBe(tree);
    expect(processesOf(run.dir).map(({ pid, start }) => isAlive(pid, start))).toEqual([false, false]);
  });

  it('is handed the settings of its profile, before its own arguments, and its record has them', async () => {
    const task = exampleTask((contract) => {
      contract.profiles.tiny.settings = { depth: 3, rates: [0.1, 0.2] };
    });
    const run = await start('good', { settings: { depth: '4' } }, task);
    const { settings, profileSettings } = await run.done;
    expect([settings, profileSettings]).toEqual([{ depth: '4' }, { depth: 3, rates: [0.1, 0.2] }]);
    const { args } = JSON.parse(readFileSync(join(run.dir, 'trainer.log'), 'utf8'));
    const given = ['--settings', '{"depth":3,"rates":[0.1,0.2]}', '--set', 'depth=4'];
    expect(args.slice(0, -2)).toEqual([...words, ...given]);
  });

  it.skipIf(!seesProcesses())(
    'has a GPU for its trainer and its data service, and its record names it',
    async () => {
      for (const name of ['CUDA_DEVICE_ORDER', 'CUDA_VISIBLE_DEVICES', 'HIP_VISIBLE_DEVICES'])
        vi.stubEnv(name, undefined);
      const onGpus = async (device: string | null) => {
        const run = await start('deaf', { device });
        // That of a process which has just been started cannot be read on some systems.
        const environments: string[][] = [];
        for (const { pid } of processesOf(run.dir)) {
          const read = () => readFileSync(`/proc/${pid}/environ`, 'utf8');
          await expect.poll(read).not.toBe('');
          environments.push(read().split('\0'));
        }
        const record = await run.stop('seen', { graceSeconds: 0 });
        expect(JSON.parse(readFileSync(join(run.dir, 'run.json'), 'utf8')).device).toBe(record.device);
        return [
          record.device,
          ...environments.map((all) => all.filter((one) => /^(CUDA|HIP)_/.test(one)).sort()),
        ];
      };
      const named = ['CUDA_DEVICE_ORDER=PCI_BUS_ID', 'CUDA_VISIBLE_DEVICES=3', 'HIP_VISIBLE_DEVICES=3'];
      expect(await onGpus('3')).toEqual(['3', named, named]);
      expect(await onGpus(null)).toEqual([undefined, [], []]);
    },
  );

  it('needs no data service where the task has none', async () => {
    const run = await start('good', {}, exampleTask());
    expect(await run.done).toMatchObject({ status: 'finished', rowsServed: null });
    expect(processesOf(run.dir)).toHaveLength(1);
  });

  it.each([
    ['crash', 'failed', 'exit code 1: W_enc has 3 columns, 4 expected (trainer.log)'],
    ['mistake', 'failed', 'exit code 1: TypeError: recon.shape is undefined (trainer.log)'],
    ['diverge', 'diverged', 'loss is NaN at step 12'],
    ['mute', 'failed', 'without a readable out/result.json'],
    ['liar', 'failed', 'without a readable out/result.json'],
    ['hungry', 'out-of-memory', 'memory'],
    ['hungry137', 'out-of-memory', 'memory'],
    ['bloated', 'out-of-memory', 'JavaScript heap out of memory (trainer.log has the trace)'],
  ])('that goes the way of "%s" is %s', async (experiment, status, reason) => {
    const run = await start(experiment);
    const record = await run.done;
    expect(record).toMatchObject({ status, reason: expect.stringContaining(reason) });
    for (const { pid, start } of processesOf(run.dir)) expect(isAlive(pid, start)).toBe(false);
  });

  it('that is stopped at once takes all its processes with it, though it ignores SIGTERM', async () => {
    const run = await start('deaf');
    while (!existsSync(join(run.dir, 'out/child.pid'))) await sleep(20);
    const child = Number(readFileSync(join(run.dir, 'out/child.pid'), 'utf8'));
    expect(await run.stop('the test is impatient', { graceSeconds: 0 })).toMatchObject({
      status: 'killed',
      reason: 'the test is impatient',
    });
    await gone(child);
  });

  it('that refuses its arguments can be taken back', async () => {
    const run = await start('refuse');
    expect(await run.refusal).toBe('k must be a number');
    await run.discard();
    expect(existsSync(run.dir)).toBe(false);
    expect(await git(repo, ['for-each-ref', `refs/loop/runs/${run.id}`])).toBe('');
    expect(await (await start('crash')).refusal).toBeNull();
  });

  it('takes no longer than its profile allows', async () => {
    const run = await start('halves', { profileName: 'hasty' });
    expect(await run.done).toMatchObject({
      status: 'timeout',
      reason: expect.stringContaining('time limit of 1 s'),
    });
  });

  it('takes the processes it forked with it', async () => {
    const run = await start('forker');
    expect(await run.done).toMatchObject({ status: 'finished' });
    await gone(Number(readFileSync(join(run.dir, 'out/child.pid'), 'utf8')));
  });

  it('may flood its log, write half lines and link its progress to anything', async () => {
    const flood = await start('flood');
    expect(await flood.done).toMatchObject({ status: 'finished' });
    expect(statSync(join(flood.dir, 'trainer.log')).size).toBeLessThan(2_100_000);
    const halves = await start('halves');
    const seen: Progress[] = [];
    halves.onProgress((progress) => seen.push(progress));
    await halves.done;
    expect(seen).toHaveLength(1);
    expect(await (await start('linker')).done).toMatchObject({ status: 'finished' });
  });

  it.each([
    ['broken', 'no such world'],
    ['dying', 'RangeError: the world has no features'],
  ])('says so when it was the data service that failed (%s), by its own error', async (profileName, said) => {
    const run = await start('mute', { profileName });
    expect(await run.done).toMatchObject({
      status: 'failed',
      reason: `the data service failed: ${said} (serve.log)`,
    });
    expect(readFileSync(join(run.dir, 'serve.log'), 'utf8')).toContain(said);
  });

  it('that ends early ends its data service too, and leaves no descriptor open here', async () => {
    const before = openDescriptors(repo);
    const record = await (await start('mute', { samples: 10_000_000 })).done;
    // It says so only where it ended by itself, and was not made to.
    expect(record.rowsServed).toBeLessThan(1_000_000);
    await expect.poll(() => openDescriptors(repo).filter((at) => !before.includes(at))).toEqual([]);
  });

  it('never shares a folder with another', async () => {
    const [a, b] = await Promise.all([start('mute', { seed: 1 }), start('mute', { seed: 1 })]);
    await Promise.all([a.done, b.done]);
    expect(a.dir).not.toBe(b.dir);
  });

  it('goes where it is told', async () => {
    const run = await start('good', { out: join(repo, 'elsewhere/mine') });
    expect(run.dir).toBe(join(repo, 'elsewhere/mine'));
    await run.done;
    await expect(start('good', { out: join(repo, 'elsewhere/mine') })).rejects.toThrow('is not empty');
  });
});

describe('a request that cannot be started', () => {
  it.each<[string, Partial<RunRequest>, RegExp]>([
    ['no samples', { samples: 0 }, /samples must be/],
    ['half a sample', { samples: 1.5 }, /samples must be/],
    ['a negative seed', { seed: -1 }, /seed must be/],
    ['an unknown profile', { profileName: 'huge' }, /unknown profile "huge"/],
    ['an unknown tree', { tree: 'e'.repeat(40) }, /git read-tree/],
  ])('for %s leaves nothing behind', async (_, over, message) => {
    const before = runs();
    await expect(start('good', over)).rejects.toThrow(message);
    expect(runs()).toBe(before);
  });

  it('for want of a program leaves nothing behind', async () => {
    const before = runs();
    const task = exampleTask((contract) => {
      contract.serve = 'node serve.mjs';
      contract.train = 'no-such-trainer';
    });
    await expect(start('good', {}, task)).rejects.toThrow(/no such program/);
    expect(runs()).toBe(before);
  });
});
