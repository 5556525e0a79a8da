import { describe, expect, it } from 'vitest';
import type { Event } from '#contract/event';
import type { Sprint } from '#contract/sprint';
import type { Limits } from '../config/config.ts';
import { exampleSprint } from '../fixtures/examples.ts';
import { handJournal, loopStarted } from '../fixtures/journal.ts';
import { limitsOver } from '../fixtures/limits.ts';
import { Ledger } from '../ledger/ledger.ts';
import { mayOpenSprint } from './may-open-sprint.ts';

const room = () => 1e12;
const closed = (sprint: string): Event => ({
  ...{ type: 'sprint.closed', sprint, number: 1, outcome: 'no-gain', reason: '', metrics: {} },
  ...{ usd: 0, seconds: 0 },
});
const spent = (usd: number, heldUsd = 0): Event => ({
  ...{ type: 'turn.finished', sprint: null, stopReason: 'end_turn', text: '', seconds: 1 },
  usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, usd },
  held: { usd: heldUsd, tokens: 0 },
});
const costing = (id: string, usd: number) =>
  exampleSprint({ id, cost: { ...exampleSprint().cost, usd }, outcome: 'no-gain' });

function loopWith(over: Partial<Limits>, sprints: Sprint[], ...events: Event[]) {
  const { time, journal } = handJournal(loopStarted(), ...events);
  const ledger = new Ledger('nowhere');
  for (const sprint of sprints) ledger.add(sprint);
  const config = { repo: '/r', leaderboard: 'tiny-00000000', limits: limitsOver(1000, over) };
  return { time, loop: { config, journal, ledger } };
}

describe('the next sprint', () => {
  it('may be opened while there is time, and disk', () => {
    const { time, loop } = loopWith({}, []);
    expect(mayOpenSprint(loop, room)).toBeNull();
    expect(mayOpenSprint(loop, () => 4e8)).toMatchObject({
      code: 'disk',
      reason: expect.stringMatching(/^only 400 MB are free on the disk of \/r,/),
    });
    time.seconds = 999;
    expect(mayOpenSprint(loop, room)).toBeNull();
    time.seconds = 1000;
    expect(mayOpenSprint(loop, room)).toEqual({ code: 'time', reason: 'the time is up' });
  });

  it('may be opened while not all are made that were asked for', () => {
    expect(mayOpenSprint(loopWith({ sprints: 2 }, [], closed('a')).loop, room)).toBeNull();
    expect(mayOpenSprint(loopWith({ sprints: 2 }, [], closed('a'), closed('b')).loop, room)).toEqual({
      code: 'sprints',
      reason: '2 sprints made, as asked',
    });
    // A loop that goes on after a stop may be given a lower limit.
    expect(mayOpenSprint(loopWith({ sprints: 1 }, [], closed('a'), closed('b')).loop, room)?.reason).toBe(
      '2 sprints made, those before the last start included, and the limit is 1',
    );
  });

  it('is not opened where half of what a sprint of this loop cost is not left', () => {
    const mine = [costing('a', 1), costing('b', 3), costing('of another loop', 100)];
    const events = [closed('a'), closed('b')];
    const left = (usd: number, held = 0) =>
      mayOpenSprint(loopWith({ usd: 5 }, mine, ...events, spent(5 - usd - held, held)).loop, room);
    expect(left(1)).toBeNull();
    expect(left(0.99)).toEqual({
      code: 'money',
      reason: 'the money limit of 5 USD: 0.99 is left, and a sprint of this loop costs 2.00 on average',
    });
    expect(left(0.9, 2)?.code).toBe('money');
    // Before the first sprint its cost cannot be estimated.
    expect(mayOpenSprint(loopWith({ usd: 5 }, mine, spent(4.9)).loop, room)).toBeNull();
    expect(mayOpenSprint(loopWith({}, mine, ...events, spent(100)).loop, room)).toBeNull();
  });

  it('is not opened where the target is reached on this leaderboard, whatever else holds', () => {
    const asked = (value: number, sign: '>=' | '<=' = '>=') => ({ target: { metric: 'mcc', sign, value } });
    // The mcc of this best is 0.6.
    const best = exampleSprint();
    expect(mayOpenSprint(loopWith(asked(0.6), [best]).loop, () => 0)).toEqual({
      code: 'target',
      reason: 'the target is reached: mcc 0.6, verified',
    });
    expect(mayOpenSprint(loopWith(asked(0.61), [best]).loop, room)).toBeNull();
    expect(mayOpenSprint(loopWith(asked(0.61, '<='), [best]).loop, room)?.code).toBe('target');
    expect(mayOpenSprint(loopWith(asked(0.6), [{ ...best, leaderboard: 'another' }]).loop, room)).toBeNull();
    expect(mayOpenSprint(loopWith(asked(0.6), [{ ...best, outcome: 'no-gain' }]).loop, room)).toBeNull();
  });
});
