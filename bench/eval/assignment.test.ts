import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assign } from './assignment.ts';

/** The least total over all assignments, by trying each. */
function bruteForce(cost: number[][]): number {
  const [rows, columns] = [cost.length, cost[0].length];
  if (rows > columns) return bruteForce(cost[0].map((_, j) => cost.map((row) => row[j])));
  const used = new Set<number>();
  const best = (row: number): number => {
    if (row === rows) return 0;
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < columns; j++) {
      if (used.has(j)) continue;
      used.add(j);
      least = Math.min(least, cost[row][j] + best(row + 1));
      used.delete(j);
    }
    return least;
  };
  return best(0);
}

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([rows, columns]) =>
    fc.array(
      // Few different costs, so that there are many ties.
      fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1, max: 1, noNaN: true })), {
        minLength: columns,
        maxLength: columns,
      }),
      { minLength: rows, maxLength: rows },
    ),
  );

it('is as cheap as the best of all assignments', () => {
  fc.assert(
    fc.property(matrix, (cost) => {
      const [rows, columns] = [cost.length, cost[0].length];
      const assigned = assign(Float64Array.from(cost.flat()), rows, columns);
      const used = [...assigned].filter((j) => j >= 0);
      expect(used.length).toBe(Math.min(rows, columns));
      expect(new Set(used).size).toBe(used.length);
      const total = [...assigned].reduce((sum, j, i) => sum + (j < 0 ? 0 : cost[i][j]), 0);
      expect(total).toBeCloseTo(bruteForce(cost), 6);
    }),
  );
});

/**
 * Every row prefers the same columns, as latents do that all point one way. The rearrangement inequality
 * gives the best total.
 */
it.each([
  ['the same', () => 1],
  ['of different weight', (i: number) => 1 + Math.sin(i)],
])('finds the best for many rows that are %s', (_, weight) => {
  const [rows, columns] = [100, 260];
  const weights = Float64Array.from({ length: rows }, (_, i) => weight(i));
  const prices = Float64Array.from({ length: columns }, (_, j) => Math.sin(12.9898 * j) - 1);
  const assigned = assign(
    Float64Array.from(
      { length: rows * columns },
      (_, at) => weights[Math.floor(at / columns)] * prices[at % columns],
    ),
    rows,
    columns,
  );
  expect(new Set(assigned).size).toBe(rows);
  const total = weights.reduce((sum, w, i) => sum + w * prices[assigned[i]], 0);
  const [heavy, cheap] = [weights.slice().sort().reverse(), prices.slice().sort()];
  expect(total).toBeCloseTo(
    heavy.reduce((sum, w, i) => sum + w * cheap[i], 0),
    9,
  );
});
