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

/** The least total of rows <= columns by the Hungarian method, column by column, without a shortcut. */
function hungarian(cost: Float64Array, rows: number, columns: number): number {
  const [u, v] = [new Float64Array(rows + 1), new Float64Array(columns + 1)];
  const [rowOf, from] = [new Int32Array(columns + 1), new Int32Array(columns + 1)];
  for (let i = 1; i <= rows; i++) {
    rowOf[0] = i;
    let at = 0;
    const least = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
    const used = new Uint8Array(columns + 1);
    do {
      used[at] = 1;
      const row = rowOf[at];
      let [delta, next] = [Number.POSITIVE_INFINITY, 0];
      for (let j = 1; j <= columns; j++) {
        if (used[j]) continue;
        const reduced = cost[(row - 1) * columns + j - 1] - u[row] - v[j];
        if (reduced < least[j]) [least[j], from[j]] = [reduced, at];
        if (least[j] < delta) [delta, next] = [least[j], j];
      }
      for (let j = 0; j <= columns; j++) {
        if (!used[j]) least[j] -= delta;
        else [u[rowOf[j]], v[j]] = [u[rowOf[j]] + delta, v[j] - delta];
      }
      at = next;
    } while (rowOf[at] !== 0);
    for (; at !== 0; at = from[at]) rowOf[at] = rowOf[from[at]];
  }
  let total = 0;
  for (let j = 1; j <= columns; j++) if (rowOf[j] > 0) total += cost[(rowOf[j] - 1) * columns + j - 1];
  return total;
}

/** The more of their cost rows have in common, the more they want the same columns, by longer searches. */
it.each([0, 0.05, 0.4, 0.7, 0.9, 1])(
  'finds the best of tables larger than the candidates of a row, in common: %s',
  (common) => {
    let state = 7;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (const [rows, columns] of [
      [150, 150],
      [150, 420],
      [90, 91],
      [260, 700],
    ]) {
      for (const steps of [6, 1e9]) {
        const price = Float64Array.from({ length: columns }, next);
        const cost = Float64Array.from({ length: rows * columns }, (_, at) => {
          const own = common * price[at % columns] + (1 - common) * next();
          return Math.round(-own * steps) / steps;
        });
        const assigned = assign(cost.slice(), rows, columns);
        expect(new Set(assigned).size).toBe(rows);
        const total = assigned.reduce((sum, j, i) => sum + cost[i * columns + j], 0);
        expect(total).toBeCloseTo(hungarian(cost, rows, columns), 9);
      }
    }
  },
);

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
