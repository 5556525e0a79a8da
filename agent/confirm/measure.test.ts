import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import { noSandbox } from '#host/sandbox';
import type { Config } from '../config/config.ts';
import type { Executor, RunHandle } from '../executor/executor.ts';
import { exampleTask } from '../fixtures/examples.ts';
import { keyOf } from './key.ts';
import { measureOn, OwnFault } from './measure.ts';
import { SecretStore } from './store.ts';

const spec = { experiment: 'plain', settings: {}, samples: 100, seed: 0, tree: 'a'.repeat(40) };

/** Measures a run that ends like this on a world that is there; `asked`: the runs that were started. */
async function measured(
  record: Partial<RunRecord>,
  fault: string | null,
  timeoutSeconds: number,
  timeout = 60,
) {
  const repo = mkdtempSync(join(tmpdir(), 'measure-'));
  const store = new SecretStore(keyOf(repo, 'run/a'));
  store.world = async () => ({ folder: repo, hash: 'w' });
  const task = exampleTask();
  const started: string[] = [];
  const executor = {
    async start({ out = '' }): Promise<RunHandle> {
      started.push(out);
      return {
        ...{ id: 'r', dir: out, refusal: Promise.resolve(null), fault: Promise.resolve(fault) },
        ...{ done: Promise.resolve(record as RunRecord), discard: async () => {} },
        ...{ stop: async () => record as RunRecord, onProgress: () => () => {} },
      };
    },
  } as Partial<Executor> as Executor;
  const profile = { ...task.contract.profiles.tiny, timeout };
  const config = { task, repo, profile, profileName: 'tiny', leaderboard: 'tiny-1' } as unknown as Config;
  const wanted = {
    ...{ spec, draw: 0, rows: 10, as: 'candidate' as const, place: { device: null }, timeoutSeconds },
    signal: new AbortController().signal,
  };
  const line = await measureOn({ config, sandbox: noSandbox('test'), executor }, store, wanted).catch(
    (error: unknown) => error,
  );
  return { line, started };
}

it('makes a run again whose job came to nothing by no fault of its own, and then says why', async () => {
  const { line, started } = await measured({ status: 'failed', endedBy: 'service' }, 'no sandbox', 100);
  expect(started).toHaveLength(2);
  expect(line).toBeInstanceOf(OwnFault);
  expect(line).toMatchObject({ message: 'its job came to nothing (no sandbox)' });
});

it.each([
  ['the end of the night cut it off', 30, 60, null],
  ['it waited in a queue until the night was over', 4, 3, null],
  ['it took longer than the profile allows', 100, 60, { result: { failed: 'timeout' } }],
])('a run that was ended at a time limit, where %s', async (_, timeoutSeconds, timeout, expected) => {
  const { line } = await measured({ status: 'timeout', endedBy: 'limit' }, null, timeoutSeconds, timeout);
  if (expected === null) expect(line).toBeNull();
  else expect(line).toMatchObject(expected);
});
