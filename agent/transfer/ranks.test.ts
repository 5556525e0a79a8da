import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rankCorrelation, ranks, spearman } from './ranks.ts';

it('ranks equal values by the mean of their ranks', () => {
  expect(ranks([0.3, 0.1, 0.3, 0.2])).toEqual([3.5, 1, 3.5, 2]);
  expect(ranks([5, 5, 5])).toEqual([2, 2, 2]);
});

it('gives the correlation that scipy.stats.spearmanr gives, with ties', () => {
  // spearmanr([1, 2, 2, 4, 5], [2, 1, 4, 4, 5]): 0.7631578947368421
  expect(spearman([1, 2, 2, 4, 5], [2, 1, 4, 4, 5])).toBeCloseTo(0.7631578947368421, 12);
  expect(spearman([1, 2, 3], [10, 20, 21])).toBeCloseTo(1, 12);
  expect(spearman([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  expect(spearman([1, 1, 1], [3, 2, 1])).toBeNaN();
});

it('is an order that holds in all seeds with an interval that does not reach zero', () => {
  const a = [0.1, 0.2, 0.3, 0.4].map((v) => [v, v + 0.01, v - 0.01]);
  expect(rankCorrelation(a, a)).toEqual({ value: expect.closeTo(1, 12), interval: [1, 1] });
  const turned = rankCorrelation(
    a,
    a.map((own) => own.map((v) => -v)),
  );
  expect(turned.value).toBeCloseTo(-1, 12);
  expect(turned.interval?.[1]).toBeLessThan(-0.99);
});

it('is an order that seeds change with a wide interval', () => {
  const a = [
    [0.1, 0.9, 0.5],
    [0.9, 0.1, 0.4],
    [0.5, 0.4, 0.1],
  ];
  const b = [0.1, 0.2, 0.3].map((v) => [v, v, v]);
  const [low = 0, high = 0] = rankCorrelation(a, b).interval ?? [];
  expect(low).toBeLessThan(-0.4);
  expect(high).toBeGreaterThan(0.4);
});

it('has no interval for one seed', () => {
  expect(rankCorrelation([[1], [2]], [[1], [2]])).toEqual({ value: expect.closeTo(1, 12), interval: null });
});

it('draws where all draws are too many, the same each time, around the value', () => {
  const values = fc.array(fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 6, maxLength: 6 }), {
    minLength: 3,
    maxLength: 4,
  });
  fc.assert(
    fc.property(values, (a) => {
      const b = a.map((own, i) => own.map((v) => v + 1000 * i));
      const once = rankCorrelation(a, b);
      expect(rankCorrelation(a, b)).toEqual(once);
      const [low = 1, high = -1] = once.interval ?? [];
      if (Number.isFinite(once.value)) expect(low).toBeLessThanOrEqual(high);
    }),
    { numRuns: 3 },
  );
});
