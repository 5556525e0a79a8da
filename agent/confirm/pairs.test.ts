import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderOf, severalOf, shown, shownAll } from './pairs.ts';

describe('the worlds of a confirming', () => {
  it('begin with those on which the best is known, the newest, and one that is new to both', () => {
    expect(orderOf([3, 5, 8], null, 0)).toEqual([0, 1, 2]);
    expect(orderOf([3, 5, 8], [], 3)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    expect(orderOf([3, 5, 8], [0, 1, 2], 3)).toEqual([0, 1, 3, 2, 4, 5, 6, 7]);
    expect(orderOf([1], [0, 1], 2)).toEqual([2]);
  });

  it('are as many as the last look, each once, with a new one within the first look', () => {
    const looks = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(looks, fc.nat(20), (some, known) => {
        const ascending = [...some].sort((a, b) => a - b);
        const order = orderOf(
          ascending,
          Array.from({ length: known }, (_, at) => at),
          known,
        );
        expect(new Set(order).size).toBe(ascending.at(-1));
        expect(order.slice(0, ascending[0]).some((draw) => draw >= known)).toBe(true);
      }),
    );
  });
});

it('has means and deviations of what all runs have, to four decimals', () => {
  const several = severalOf([
    { f1: 0.8, mcc: 0.7 },
    { f1: 0.9, mcc: 0.71, only: 1 },
  ]);
  expect(several).toEqual({
    ...{ n: 2, mean: { f1: 0.85, mcc: 0.705 } },
    deviation: { f1: 0.0707, mcc: 0.0071 },
  });
  expect(severalOf([{ f1: 0.8 }]).deviation).toEqual({});
  expect([shown(0.123456), shown(123.456), shown(-0.00001)]).toEqual([0.1235, 123.5, -0]);
  expect(shownAll({ f1: 0.8, l0: 25.12 }, ['f1', 'mcc'])).toEqual({ f1: 0.8 });
});
