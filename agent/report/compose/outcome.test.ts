import { expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { plain } from '../document/tree.ts';
import { confirmed } from '../fixtures/confirmed.ts';
import { contextOf, listaWith } from '../fixtures/context.ts';
import { baseline, interrupted, lista, profile, task } from '../fixtures/load.ts';
import type { Context } from './context.ts';
import { endingOf } from './outcome.ts';
import { inShort } from './short.ts';

// The best before has 0.834, and the noise is 0.006.
const ends = (sprint: Sprint, change: Partial<Context> = {}) => endingOf(contextOf(sprint, change));
const short = (sprint: Sprint, change: Partial<Context> = {}) => {
  const block = inShort(contextOf(sprint, change));
  return block.t === 'callout' ? plain(block.c) : '';
};
const noGain = (f1: number) => listaWith({ f1 }, { outcome: 'no-gain' });
const secret = (result: 'behind' | 'small' | 'failed', outcome: Sprint['outcome']): Sprint => {
  const sprint = confirmed(lista);
  return { ...sprint, outcome, confirmed: sprint.confirmed && { ...sprint.confirmed, result } };
};

it('tells worse from within the noise, in words and colour', () => {
  expect(ends(noGain(0.82))).toEqual({ words: 'worse than the best', tone: 'bad' });
  expect(ends(noGain(0.829))).toEqual({ words: 'within the noise of the best', tone: 'neutral' });
  expect(ends(noGain(0.839))).toEqual({ words: 'within the noise of the best', tone: 'neutral' });
  const lower = { ...noGain(0.82), goal: 'min' as const };
  expect(ends(lower).words).not.toContain('worse');
});

it('names the number in which a gain does not show, once', () => {
  const asked = { ...task, contract: { ...task.contract, gains: ['mcc'] } };
  const sprint = listaWith({ mcc: 0.75 }, { outcome: 'no-gain' });
  expect(ends(sprint, { task: asked })).toEqual({ words: 'better in F1, but not in MCC', tone: 'warn' });
  const words = short(sprint, { task: asked });
  expect(words).toContain('MCC, in which a gain has to show too, is 0.750 (−0.002).');
  expect(words.match(/MCC/g)).toHaveLength(2);
});

it('names the guard that stopped a better run, and what it asks', () => {
  const sprint = listaWith({ uniqueness: 0.2 }, { outcome: 'degenerate' });
  expect(ends(sprint).words).toBe('better, but stopped by the guard on Uniqueness');
  expect(short(sprint)).toContain('The guard on Uniqueness fails: 0.2 where >=0.95 is asked.');
  expect(short(sprint)).toContain('The best does not move, and the change is kept.');
});

it('names the constraint that an invalid run breaks', () => {
  const narrow = { ...profile, constraints: { samples: '<=100', width: '==128' } };
  expect(ends({ ...lista, outcome: 'invalid' }, { profile: narrow }).words).toBe('invalid: Samples');
  // What was decided by other rules is not decided again.
  expect(short(lista, { profile: narrow })).not.toContain('constraint');
});

it('tells why a run is held, and what secret worlds said', () => {
  const unbelieved = { ...task, contract: { ...task.contract, tooGood: { f1: '>0.87' } } };
  const held: Sprint = { ...lista, outcome: 'held' };
  expect(ends(held, { task: unbelieved }).words).toBe('held: too good to be true');
  expect(ends(held).words).toBe('held: could not be confirmed');
  expect(ends(listaWith({ f1: 0.96 }, { outcome: 'held' })).words).toBe('held: too good to be true');
  const worse = secret('behind', 'held');
  if (worse.confirmed) worse.confirmed.result = 'held';
  expect(ends(worse).words).toBe('held: the best trains worse than it did');
  expect(ends(secret('behind', 'no-gain')).words).toBe('no gain on secret worlds');
  expect(ends(secret('failed', 'invalid')).words).toBe('invalid: no result on a secret world');
  expect(short(secret('small', 'stacked'))).toContain('the next candidate is confirmed together with it');
});

it('tells the first best from a new one, verified from confirmed, and none at all', () => {
  expect(ends(baseline).words).toBe('first best, verified');
  expect(ends(lista).words).toBe('new best, verified');
  expect(ends(confirmed(lista))).toEqual({ words: 'new best, confirmed', tone: 'good' });
  expect(ends({ ...interrupted, outcome: 'no-gain' }).words).toBe('no gain: no run was put forward');
});

it('says how the runs ended where no number is verified', () => {
  const failed = (runs: Sprint['runs']): Sprint => ({
    ...{ ...lista, outcome: 'failed', verdict: null, candidate: null, runs },
    change: { ...lista.change, kept: false },
  });
  const [run] = lista.runs;
  const diverged: Sprint['runs'][number] = { ...run, status: 'diverged', verdict: null };
  const words = 'No number is verified: failed.';
  const rest = 'The best does not move, and the change is undone.';
  expect(short(failed([diverged]))).toBe(`${words} Its run: diverged. ${rest}`);
  expect(short(failed([run, diverged, diverged]))).toBe(
    `${words} Its 3 runs: 1 finished, 2 diverged. ${rest}`,
  );
  expect(short(failed([]))).toBe(`${words} No run was started. ${rest}`);
});
