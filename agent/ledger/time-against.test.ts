import { describe, expect, it } from 'vitest';
import { exampleSprint } from '../fixtures/examples.ts';
import { run } from '../fixtures/staged.ts';
import { outOfProportion, timeAgainst, timeInSprint } from './time-against.ts';

const made = (tree: string, seconds: number, more: object = {}) =>
  run(tree, 1000, 0.5, { seconds, backend: 'cpu', ...more });
const best = made('best', 10);

describe('the time of a run against that of the best', () => {
  it('is a ratio to the median of its runs at the same samples, backend and processor', () => {
    const slow = made('new', 31);
    const runs = [best, made('best', 11, { seed: 1 }), made('best', 90, { seed: 2 }), slow];
    expect(timeAgainst(slow, best, runs)).toEqual({ seconds: 31, best: 11, times: 31 / 11 });
    const others = [made('best', 1, { samples: 100 }), made('best', 1, { backend: 'gpu' })];
    expect(timeAgainst(slow, best, others)).toBeNull();
    const machine = (cpu: string) => ({ host: 'h', cpu, cores: 2, gpu: null, node: 'v22' });
    const here = { ...slow, machine: machine('a') };
    expect(timeAgainst(here, best, [{ ...best, machine: machine('b') }])).toBeNull();
    expect(timeAgainst(here, best, [{ ...best, machine: machine('a') }])?.times).toBe(3.1);
  });

  it('is unknown without a best, for its own recipe, and for a run that did not finish', () => {
    const runs = [best];
    expect(timeAgainst(made('new', 20), null, runs)).toBeNull();
    expect(timeAgainst(made('best', 20, { seed: 3 }), best, runs)).toBeNull();
    expect(timeAgainst(made('new', 20, { status: 'killed' }), best, runs)).toBeNull();
    expect(timeAgainst(made('new', 20, { backend: null }), best, runs)).toBeNull();
  });

  it('is told where it is out of proportion: more than 1.5 times', () => {
    expect(outOfProportion({ seconds: 15, best: 10, times: 1.5 })).toBeNull();
    expect(outOfProportion(null)).toBeNull();
    expect(outOfProportion({ seconds: 95, best: 30, times: 95 / 30 })).toBe(
      'took 3.2 times as long as the best at the same samples and backend (1 min 35 s to 30 s)',
    );
  });

  it('in a sprint is against the best before it, in the same profile', () => {
    const slow = made('new', 20);
    const first = exampleSprint({ number: 1, runs: [best] });
    const bestBefore = { sprint: first.id, run: best.id, metrics: {} };
    const later = exampleSprint({ number: 2, bestBefore, runs: [slow] });
    const after = exampleSprint({ number: 3, runs: [made('best', 1, { seed: 1 })] });
    expect(timeInSprint(slow, later, [first, later, after])?.times).toBe(2);
    expect(timeInSprint(slow, later, [{ ...first, profile: 'other' }, later])).toBeNull();
    expect(timeInSprint(slow, { ...later, bestBefore: null }, [first, later])).toBeNull();
  });
});
