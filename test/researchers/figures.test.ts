import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { differences, figuresOf } from './figures.ts';

const at = (seconds: number, event: object) =>
  ({ at: new Date(seconds * 1000).toISOString(), researcherId: 'researcher-1', ...event }) as LoggedEvent;
const run = (seconds: number, type: string, ticket: string, more: object = {}) =>
  at(seconds, { type: `run.${type}`, ticket, sprint: 's', ...more });

it('counts a device as free where a run waits for it, and as used until its run is measured', () => {
  const events = [
    at(0, { type: 'loop.started' }),
    run(10, 'reserved', 'a'),
    run(12, 'started', 'a', { run: 'r1' }),
    run(12, 'reserved', 'b'),
    run(12, 'reserved', 'c'),
    run(13, 'started', 'b', { run: 'r2' }),
    run(20, 'released', 'a'),
    run(21, 'started', 'c', { run: 'r3' }),
    run(30, 'released', 'b'),
    run(30, 'released', 'c'),
    at(100, { type: 'loop.stopped' }),
  ];
  // Two devices: 2 s before a, 1 s before b, 1 s before c; c had to wait between 13 and 20.
  const { runs, busy, freeWhileWaiting, wallSeconds } = figuresOf(events, 2);
  expect({ runs, busy, freeWhileWaiting, wallSeconds }).toEqual({
    ...{ runs: 3, wallSeconds: 100 },
    ...{ busy: (8 + 17 + 9) / 200, freeWhileWaiting: (2 + 1 + 1) / 200 },
  });
});

it('finds where ledger and events differ: outcome, runs, numbers, order of the commits', () => {
  const events = [
    at(0, { type: 'run.started', sprint: 's', run: 'r1' }),
    at(0, { type: 'run.finished', run: 'r1', status: 'finished' }),
    at(0, { type: 'sprint.closed', sprint: 's', number: 1, outcome: 'new-best', metrics: { f1: 1 } }),
    at(0, { type: 'sprint.committed', sprint: 's' }),
  ];
  const runs = [{ id: 'r1', status: 'finished' }];
  const sprint = { id: 's', number: 1, outcome: 'new-best', runs, verdict: { metrics: { f1: 1 } } };
  expect(differences(events, [sprint])).toEqual([]);
  for (const wrong of [
    { id: 't' },
    { outcome: 'no-gain' },
    { runs: [] },
    { runs: [{ id: 'r1', status: 'killed' }] },
    { verdict: null },
  ])
    expect(differences(events, [{ ...sprint, ...wrong }])).not.toEqual([]);
  expect(differences(events.slice(0, 3), [sprint])).not.toEqual([]);
});
