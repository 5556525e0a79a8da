import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Csr, scatter, sumOfCodes } from './csr.ts';

const COLUMNS = 12;
// Zeros are codes too, and a NaN stays one.
const number = fc.constantFrom(0, 1, -1, 0.5, 3, Number.NaN);
const row = fc.dictionary(fc.integer({ min: 0, max: COLUMNS - 1 }).map(String), number);
const matrices = fc.integer({ min: 0, max: 6 }).chain((rows) => {
  const some = fc.array(row, { minLength: rows, maxLength: rows });
  return fc.tuple(some, some);
});

function csrOf(rows: Record<string, number>[]): Csr {
  // Whole numbers as keys are in ascending order.
  const entries = rows.map((columns) => Object.entries(columns));
  const offsets = Uint32Array.from([0, ...entries.map((_, i) => entries.slice(0, i + 1).flat().length)]);
  const all = entries.flat();
  return {
    rows: rows.length,
    offsets,
    indices: Uint32Array.from(all, ([column]) => Number(column)),
    values: Float32Array.from(all, ([, value]) => value),
  };
}

it('adds codes by column, and keeps those that either has', () => {
  fc.assert(
    fc.property(matrices, ([a, b]) => {
      const sum = a.map((columns, i) => {
        const both = { ...columns };
        for (const [column, value] of Object.entries(b[i])) both[column] = (both[column] ?? 0) + value;
        return both;
      });
      const got = sumOfCodes(csrOf(a), csrOf(b));
      expect(got).toEqual(csrOf(sum));
      const dense = new Float32Array(a.length * COLUMNS);
      scatter(got, got.values, COLUMNS, dense);
      expect(dense).toEqual(
        Float32Array.from(sum.flatMap((of) => [...Array(COLUMNS)].map((_, j) => of[j] ?? 0))),
      );
    }),
  );
});
