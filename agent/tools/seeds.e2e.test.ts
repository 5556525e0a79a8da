import { afterEach, expect, it } from 'vitest';
import type { MessagesRequest } from '#replay/protocol';
import { startMessagesServer } from '#replay/server';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { finish, type Step, scripted, start, train, wait } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

/** A night of one sprint: its events, its record, and all that the researcher was told. */
async function night(script: Step[], more: { trainHours?: number } = {}) {
  let heard = '';
  const server = await startMessagesServer((request: MessagesRequest) => {
    heard = JSON.stringify(request.messages);
    return scripted([script])(request);
  });
  process.env.ANTHROPIC_API_KEY = 'test-key';
  process.env.ANTHROPIC_BASE_URL = server.url;
  const repo = tinyRepository();
  const { events } = await loopIn(repo, { researcher: 'claude', maxSprints: 1, ...more });
  await server.close();
  return { events, heard, sprint: readSprints(sprintsDir(repo))[0] };
}

it('makes a run of the same code for each seed, in the queue, and answers for each', async () => {
  const { heard, sprint } = await night([
    start('seeds'),
    train('plain', { seeds: [3, 1, 2, 1] }),
    wait,
    finish(),
  ]);
  expect(heard).toMatch(/Seed 3: Run \S+-plain-s3 has started \(1000 samples\)/);
  expect(heard).toContain('Seed 1: Run queued as queued-2 (1000 samples)');
  expect(heard).toContain('Seed 2: Run queued as queued-3 (1000 samples)');
  expect(heard).toContain('Seed 1: Refused: this run is queued or running already, as queued-2');
  const runs = sprint?.runs ?? [];
  expect(runs.map(({ seed, status }) => [seed, status])).toEqual([
    [3, 'finished'],
    [1, 'finished'],
    [2, 'finished'],
  ]);
  expect(new Set(runs.map(({ tree }) => tree)).size).toBe(1);
  expect(sprint?.outcome).toBe('new-best');
});

it('counts each run against the limits, and refuses a call none of whose runs may be made', async () => {
  const { events, heard, sprint } = await night(
    [
      start('seeds'),
      // The first run gives the speed: 1000 samples a second. Each of the others takes 13 of the 36 s of
      // training.
      train('plain', { samples: 500, seed: 9 }),
      wait,
      train('plain', { samples: 13_000, seeds: [0, 1, 2] }),
      wait,
      train('plain', { samples: 100_000, seeds: [5, 6] }),
      train('plain', { seed: 1, seeds: [2] }),
      finish({ candidate: null }),
    ],
    { trainHours: 0.01 },
  );
  expect(heard).toContain('Seed 1: Run queued as queued-3');
  expect(heard).toMatch(
    /Seed 2: Refused: 13000 samples take about 13 s .*; at most 9\d{3} samples still fit/s,
  );
  expect(heard).toMatch(/Error: seed 5: 100000 samples .*; seed 6: 100000 samples/s);
  expect(heard).toContain('give \\"seed\\" or \\"seeds\\", not both');
  expect(sprint?.runs.map(({ seed }) => seed)).toEqual([9, 0, 1]);
  expect(events.filter((e) => e.type === 'tool.finished' && !e.ok)).toHaveLength(2);
});
