import { expect, it } from 'vitest';
import { nothingYet } from '../journal/state.ts';
import { liveState } from './live-state.ts';

type State = Parameters<typeof liveState>[0];
type Sprint = State['sprints'][string];

const secret = { one: 'secret world', many: 'secret worlds', kind: '' };
const of = { confirming: null, secret, usdLimit: 50, researcher: 'Claude (model)' };
const sprint = (number: number, over: Partial<Sprint> = {}) =>
  ({
    ...{ number, researcherId: `researcher-${number}`, openedAt: '2026-01-01T01:48:00Z', runs: [] },
    ...{ claim: { id: `s${number}`, title: `Idea ${number}` }, finished: false, closed: null, ...over },
  }) as unknown as Sprint;
const run = (experiment: string, waits?: string) => ({
  ...{ experiment, startedAt: '2026-01-01T01:55:00Z', progress: null, ...(waits && { waits }) },
});
const state = (sprints: Sprint[], over: Partial<State> = {}): State => ({
  ...nothingYet,
  sprints: Object.fromEntries(sprints.map((one) => [one.researcherId, one])),
  ...over,
});

it('shows the sprint of each researcher, its stage, and its own runs', () => {
  const sprints = [
    sprint(1, { runs: ['a', 'b', 'ended'] }),
    sprint(2, { finished: true }),
    sprint(3, { claim: null }),
    sprint(4, { closed: { outcome: 'no-gain', reason: '' } }),
  ];
  const runs = { a: run('wide'), b: run('wide', 'Priority') };
  const calls = { 'researcher-3': {} } as unknown as State['calls'];
  const confirming = { researcherId: 'researcher-2', measured: 1, most: 6 };
  const shown = liveState(state(sprints, { runs, calls }), { ...of, confirming }).sprints;
  expect(shown.map(({ number, title, doing }) => [number, title, doing])).toEqual([
    [1, 'Idea 1', 'training'],
    [2, 'Idea 2', 'being confirmed: 1 of up to 6 runs on secret worlds measured'],
    [3, null, 'thinking'],
    [4, 'Idea 4', 'being reported'],
  ]);
  expect(shown.map((one) => one.runs.map(({ experiment, waits }) => [experiment, waits]))).toEqual([
    [
      ['wide', undefined],
      ['wide', 'Priority'],
    ],
    ...[[], [], []],
  ]);
});

it('says what holds them all', () => {
  const at = '2026-01-01T02:03:00Z';
  const waiting = { reason: 'overloaded', until: at };
  expect(liveState(state([sprint(1)], { waiting }), of)).toMatchObject({
    held: 'waiting: overloaded',
    paused: false,
  });
  const runs = { a: run('wide'), b: run('deep') };
  expect(liveState(state([sprint(1)], { waiting, runs, paused: at }), of)).toMatchObject({
    held: 'paused since 02:03 UTC ("npm run resume"); the runs under way continue',
    paused: true,
  });
  expect(liveState(state([]), of)).toMatchObject({ sprints: [], held: null, usdLimit: 50 });
});
