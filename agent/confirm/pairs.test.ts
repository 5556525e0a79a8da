import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderOf, severalOf, shown, shownAll, told } from './pairs.ts';

describe('the worlds of a confirming', () => {
  it('are in turn new to both, and known of the best while there are any', () => {
    expect(orderOf([3, 5, 8], null, { fresh: 0, turn: 1 })).toEqual([0, 1, 2]);
    expect(orderOf([3, 5, 8], [], { fresh: 3, turn: 1 })).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    expect(orderOf([3, 5, 8], [0, 1, 2], { fresh: 3, turn: 1 })).toEqual([3, 1, 4, 2, 5, 0, 6, 7]);
    expect(orderOf([1], [0, 1], { fresh: 2, turn: 1 })).toEqual([2]);
  });

  it('are as many as the last look, each once, and at most half of them known wherever it ends', () => {
    const looks = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(looks, fc.nat(20), fc.nat(9), (some, known, turn) => {
        const ascending = [...some].sort((a, b) => a - b);
        const draws = Array.from({ length: known }, (_, at) => at);
        const order = orderOf(ascending, draws, { fresh: known, turn });
        expect(new Set(order).size).toBe(ascending.at(-1));
        for (let n = 1; n <= order.length; n++)
          expect(order.slice(0, n).filter((draw) => draw < known).length).toBeLessThanOrEqual(n / 2);
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
  expect([told(0.00876543), told(0.0000868), told(123.456)]).toEqual(['0.0088', '0.0001', '123.5']);
  expect(shownAll({ f1: 0.8, l0: 25.12 }, ['f1', 'mcc'])).toEqual({ f1: 0.8 });
});
