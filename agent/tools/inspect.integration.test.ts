import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeJsonAtomic } from '#contract/atomic';
import type { RunRecord } from '#contract/run';
import { Inspection } from '#contract/task-contract';
import { noSandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { exampleTask } from '../fixtures/examples.ts';
import { newRepo } from '../fixtures/repo.ts';
import type { OpenSprint } from '../open-sprint/open-sprint.ts';
import { inspect } from './inspect.ts';

const command = `
if (process.argv.includes('--worst')) { console.error('error: no such latent'); process.exit(2); }
console.log('a table');
`;
const repo = newRepo({ 'look.mjs': command, 'work/encode.mjs': '' });
afterAll(() => rmSync(repo, { recursive: true, force: true }));

it('may be called so often in a sprint, also at once; a call that shows nothing does not count', async () => {
  const run = join(repo, 'checkpoints/r');
  mkdirSync(run, { recursive: true });
  const tree = await snapshotTree({ repo, folder: 'work' });
  const record: RunRecord = {
    ...{ version: 2, researcherId: 'a', id: 'r', sprint: null, experiment: 'x', settings: {} },
    ...{ profile: 'tiny', seed: 0, samples: 10, tree, startedAt: '', endedAt: '', status: 'finished' },
    ...{ reason: null, seconds: 1, rowsServed: 10, sandbox: 'off (test)' },
    machine: { host: '', cpu: '', cores: 1, gpu: null, node: '' },
  };
  writeJsonAtomic(join(run, 'run.json'), record);
  const inspection = Inspection.parse({ command: 'node look.mjs', about: 'A table.', perSprint: 3 });
  const stopper = { hard: new AbortController().signal };
  const loop = { config: { repo, task: exampleTask() }, sandbox: noSandbox('test'), stopper };
  const claimedRuns = { resolve: (id: string) => id };
  // As it is after a restart: one look was made before.
  const sprint = { loop, claimedRuns, inspections: 1 } as unknown as OpenSprint;
  const ask = (more = {}) => inspect(sprint, inspection, { run: 'r', ...more });

  await expect(ask({ worst: 3 })).rejects.toThrow('inspect failed: no such latent');
  await expect(inspect(sprint, inspection, { run: 'none' })).rejects.toThrow('has not started yet');
  const three = await Promise.allSettled([ask(), ask(), ask()]);
  expect(three.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message))).toEqual([
    'a table\n\nLook 2 of 3 in this sprint.',
    'a table\n\nLook 3 of 3 in this sprint.',
    'inspect was used 3 times in this sprint, and at most 3 are allowed; go on with what it has shown',
  ]);
  expect(sprint.inspections).toBe(3);
});
