import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { inRun, runDir, tensorboardDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readScalars } from './fixtures/read.ts';
import { exampleRecord } from './fixtures/record.ts';
import { tensorboardOver } from './live.ts';

it('writes a file of each run of a loop: its log, its snapshots and its verdict', async () => {
  const repo = tinyRepository([sprintTo('first', 0.5)]);
  const { events } = await loopIn(repo, { maxSprints: 1 }, tensorboardOver);
  const folder = tensorboardDir(repo);
  const started = events.flatMap((event) => (event.type === 'run.started' ? [event.run] : []));
  expect(readdirSync(folder).sort()).toEqual(started.sort());
  const numbers = started.map((run) => {
    const read = readScalars(readFileSync(join(folder, run, 'events.out.tfevents.run')));
    const last = events.at(-1)?.at ?? '';
    for (const { at } of read) {
      expect(at).toBeGreaterThan(Date.parse(events[0]?.at ?? '') / 1000);
      expect(at).toBeLessThan(Date.parse(last) / 1000);
    }
    return Object.assign({}, ...read.map(({ step, values }) => ({ [step]: values, ...values })));
  });
  expect(numbers).toMatchObject([
    { 1000: expect.any(Object), 'train/loss': 0.001, 'snapshot/f1': 0.5, 'verdict/f1': 0.5 },
  ]);
});

it('a folder that cannot be written costs the files and one notice, and no event', async () => {
  const repo = emptyFolder();
  const said: string[] = [];
  const journal = { notice: (text: string) => said.push(text) };
  const listen = tensorboardOver({ config: { repo }, journal } as unknown as Parameters<
    typeof tensorboardOver
  >[0]);
  const run = '2026-01-01--00-00-10-base-s0';
  mkdirSync(runDir(repo, run), { recursive: true });
  writeFileSync(inRun(runDir(repo, run)).record, JSON.stringify(exampleRecord(run)));
  mkdirSync(dirname(tensorboardDir(repo)));
  writeFileSync(tensorboardDir(repo), 'in the way');
  const event = { run, at: '2026-01-01T00:00:20Z', samples: 5, values: { loss: 1 } };
  for (const type of ['run.started', 'run.progress']) listen({ ...event, type } as unknown as LoggedEvent);
  await Promise.resolve();
  expect(said).toEqual([expect.stringMatching(/^no event files for TensorBoard .*ENOTDIR/)]);
});
