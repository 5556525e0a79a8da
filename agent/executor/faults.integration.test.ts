import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryBubblewrap } from '#host/bubblewrap';
import { git } from '#host/git';
import { memoryKills } from '#host/memory';
import { isAlive, processStart } from '#host/processes';
import { noSandbox, type Sandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { exampleTask } from '../fixtures/examples.ts';
import type { RunRequest } from './executor.ts';
import { processesOf } from './left-running.ts';
import { LocalExecutor } from './local.ts';

// The unusual ends of a trainer; local.integration.test.ts has the ordinary ones.
let repo: string;
let tree: string;
let sandboxes: [string, Sandbox][];

beforeAll(async () => {
  repo = mkdtempSync(join(tmpdir(), 'faults-'));
  await git(repo, ['init', '-q']);
  cpSync(join(import.meta.dirname, 'fixtures/train.mjs'), join(repo, 'work/train.mjs'));
  tree = await snapshotTree({ repo, folder: 'work' });
  const tried = await tryBubblewrap(repo);
  if (!tried.ok) console.log(`SKIP the sandboxed half of faults.integration.test.ts: ${tried.why}`);
  sandboxes = [['off', noSandbox('test')], ...(tried.ok ? [['on', tried.sandbox] as [string, Sandbox]] : [])];
});
afterAll(() => rmSync(repo, { recursive: true, force: true }));

const task = exampleTask();
const start = (
  experiment: string,
  over: Partial<RunRequest> = {},
  limits: ConstructorParameters<typeof LocalExecutor>[0] = {},
) =>
  new LocalExecutor(limits).start({
    ...{
      repo,
      task,
      profileName: 'tiny',
      experiment,
      settings: {},
      samples: 50,
      seed: 0,
      sprint: null,
      tree,
    },
    ...{ sandbox: noSandbox('test'), ...over },
  });

describe('a trainer', () => {
  it('that fills the disk is ended, with or without a sandbox', async () => {
    for (const [which, sandbox] of sandboxes) {
      const record = await (await start('filler', { sandbox }, { maxOutBytes: 20 << 20 })).done;
      expect(record, `sandbox ${which}`).toMatchObject({
        status: 'killed',
        reason: expect.stringMatching(/^its out\/ has grown to 0\.\d+ GiB; at most 0\.02 GiB are allowed$/),
      });
    }
    expect(await (await start('scatterer')).done).toMatchObject({
      status: 'killed',
      reason: 'its out/ has more than 10000 files, which is the limit',
    });
  });

  /** One that has begun to ignore SIGTERM before its time is over, however busy this machine is. */
  async function deaf(sandbox: Sandbox) {
    for (let timeoutSeconds = 1; ; timeoutSeconds *= 2) {
      const run = await start('deaf', { sandbox, timeoutSeconds });
      const path = join(run.dir, 'out/child.pid');
      let over = false;
      void run.done.then(() => {
        over = true;
      });
      while (!existsSync(path) && !over) await sleep(20);
      if (existsSync(path)) return { run, path, overMs: 1000 * timeoutSeconds };
    }
  }

  it('that hangs, forks and ignores SIGTERM ends at its limit with all it started', async () => {
    for (const [which, sandbox] of sandboxes) {
      const { run, path, overMs } = await deaf(sandbox);
      const [{ pid, start: since }] = processesOf(run.dir);
      expect(isAlive(pid, since)).toBe(true);
      const child = Number(readFileSync(path, 'utf8'));
      const childStart = which === 'off' ? processStart(child) : null;
      const stopping = run.done;
      expect(await Promise.race([stopping, sleep(overMs + 1000, 'still there')]), `sandbox ${which}`).toBe(
        'still there',
      );
      expect(await run.stop('enough', { graceSeconds: 0 })).toMatchObject({
        status: 'killed',
        reason: 'enough',
      });
      expect([isAlive(pid, since), isAlive(child, childStart)]).toEqual([false, false]);
    }
  });

  it.each(['NaN', '1e999', 'null', '"0.9"'])('that claims %s has given no result', async (value) => {
    const record = await (await start('nan', { settings: { number: value } })).done;
    expect(record).toMatchObject({ status: 'failed', reason: expect.stringContaining('without a readable') });
  });

  it('that puts a link where its result belongs is not followed', async () => {
    const record = await (await start('linked')).done;
    expect(record).toMatchObject({ status: 'failed', reason: expect.stringContaining('without a readable') });
  });

  it('that takes too much memory is ended, with or without a sandbox', async () => {
    for (const [which, sandbox] of sandboxes) {
      const run = await start('glutton', { sandbox }, { maxMemoryBytes: 150 << 20 });
      const record = await run.done;
      expect(record, `sandbox ${which}`).toMatchObject({
        status: 'out-of-memory',
        reason: expect.stringMatching(
          /^its processes used 0\.\d+ GiB of memory; at most 0\.15 GiB are allowed$/,
        ),
      });
      // Pids in a sandbox differ from ours; all its processes end with it.
      const child = Number(readFileSync(join(run.dir, 'out/child.pid'), 'utf8'));
      // The kernel needs some time to free so much memory.
      if (which === 'off') await expect.poll(() => isAlive(child, processStart(child))).toBe(false);
    }
  });

  it('that is killed by the kernel for want of memory is out of memory, and we are not', async ({ skip }) => {
    const group = controlGroup();
    if (group === null) return skip('no control group can be made here');
    for (const limit of ['memory.limit_in_bytes', 'memory.max']) {
      if (existsSync(join(group, limit))) writeFileSync(join(group, limit), String(150 << 20));
    }
    const before = memoryKills();
    const record = await (await start('hog', { settings: { group } })).done;
    rmdirSync(group);
    expect(record).toMatchObject({
      status: 'out-of-memory',
      reason: expect.stringContaining('lack of memory'),
    });
    if (memoryKills() > before) expect(record.reason).toMatch(/^killed by the kernel/);
  });
});

/** A control group of our own, where we may make one. */
function controlGroup(): string | null {
  for (const parent of ['/sys/fs/cgroup/memory', '/sys/fs/cgroup']) {
    const group = join(parent, `loop-test-${process.pid}`);
    try {
      mkdirSync(group);
      if (existsSync(join(group, 'memory.limit_in_bytes')) || existsSync(join(group, 'memory.max')))
        return group;
      rmdirSync(group);
    } catch {}
  }
  return null;
}
