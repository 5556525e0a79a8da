import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { runDir } from '../common/paths.ts';
import { processesOf } from '../executor/left-running.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { call, finish, start, train, wait } from '../fixtures/scripted.ts';

it('trains as many runs at a time as TASK.md has devices, each on its own where it is measured too, and queues the rest', async () => {
  const three = train('steady', { seeds: [1, 2, 3] });
  const last = call('wait_for_experiment', { run: 'queued-3' });
  const repo = tinyRepository([[start('three'), three, last, wait, finish({ candidate: null })]]);
  const path = join(repo, 'TASK.md');
  writeFileSync(path, readFileSync(path, 'utf8').replace('metric: f1', 'devices: [0, 7]\nmetric: f1'));
  const measuredOn = join(repo, 'state/measured-on');
  const tell = `appendFileSync('${measuredOn}', process.env.CUDA_VISIBLE_DEVICES + '\\n');`;
  const judge = join(repo, 'judge.mjs');
  writeFileSync(judge, readFileSync(judge, 'utf8').replace('const run = ', `${tell}\nconst run = `));
  git(repo, 'commit', '-qam', 'Two devices');
  const environments: string[] = [];
  const look = () => (event: LoggedEvent) => {
    if (event.type !== 'run.started') return;
    const [trainer] = processesOf(runDir(repo, event.run));
    const found = /CUDA_VISIBLE_DEVICES=(\d+)/.exec(readFileSync(`/proc/${trainer?.pid}/environ`, 'utf8'));
    environments.push(found?.[1] ?? 'none');
  };
  const { events } = await loopIn(repo, { maxSprints: 1 }, look);
  const told = events.flatMap((event) => {
    if (event.type === 'run.queued') return [`queued ${event.seed}`];
    if (event.type === 'run.started') return [`started ${event.seed}`];
    return event.type === 'run.finished' ? ['finished'] : [];
  });
  expect(told.slice(0, 4)).toEqual(['started 1', 'started 2', 'queued 3', 'finished']);
  expect(told.slice(4).sort()).toEqual(['finished', 'finished', 'started 3']);
  expect(environments.slice(0, 2)).toEqual(['0', '7']);
  expect(['0', '7']).toContain(environments[2]);
  expect(readFileSync(measuredOn, 'utf8').trim().split('\n').sort()).toEqual(environments.sort());
});
