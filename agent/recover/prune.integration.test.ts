import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunRecord } from '#contract/run';
import { startChild } from '#host/child';
import { cleanEnv } from '#host/env';
import { emptyFolder } from '../fixtures/repo.ts';
import { pruneTrees } from './prune.ts';

it('removes trees that no run names and nothing works in, once they are an hour old', async () => {
  const repo = emptyFolder();
  const trees = join(repo, 'state/trees');
  for (const name of ['named', 'used', 'unused', '.new-abc']) {
    mkdirSync(join(trees, name, 'work'), { recursive: true });
    writeFileSync(join(trees, name, 'work/a.ts'), '');
  }
  const run: RunRecord = {
    ...{
      version: 2,
      researcherId: 'a',
      id: 'a',
      sprint: null,
      experiment: 'plain',
      settings: {},
      profile: 'tiny',
      seed: 0,
      samples: 1,
    },
    ...{ tree: 'named', startedAt: '', endedAt: null, status: 'finished', reason: null, seconds: 1 },
    ...{
      rowsServed: null,
      machine: { host: '', cpu: '', cores: 1, gpu: null, node: '' },
      sandbox: 'off (test)',
    },
  };
  mkdirSync(join(repo, 'checkpoints/a'), { recursive: true });
  writeFileSync(join(repo, 'checkpoints/a/run.json'), JSON.stringify(run));
  const child = startChild({ argv: ['sleep', '30'], cwd: join(trees, 'used/work'), env: cleanEnv() });
  const later = Date.now() + 3_700_000;
  expect(pruneTrees(repo)).toBe(0);
  expect(pruneTrees(repo, later)).toBe(2);
  expect(readdirSync(trees)).toEqual(['named', 'used']);
  await child.stop('done', 0);
  expect(pruneTrees(repo, later)).toBe(1);
  expect(readdirSync(trees)).toEqual(['named']);
});
