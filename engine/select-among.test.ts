import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scatter } from './csr.ts';
import { markLargest, selectLargestAmong } from './select-among.ts';

// Few different numbers make ties.
const number = fc.constantFrom(0, -0, 1, -1, 2, Number.NaN, Infinity, -Infinity, 0.5, -2);
const cases = fc.integer({ min: 1, max: 40 }).chain((columns) =>
  fc.record({
    rows: fc.array(fc.array(number, { minLength: columns, maxLength: columns }), {
      minLength: 1,
      maxLength: 5,
    }),
    among: fc.array(fc.constantFrom(0, 1), { minLength: columns, maxLength: columns }),
    k: fc.integer({ min: 0, max: 45 }),
  }),
);

it('keeps the numbers that the mask marks', () => {
  fc.assert(
    fc.property(cases, ({ rows, among, k }) => {
      const values = Float32Array.from(rows.flat());
      const marks = Uint8Array.from(among);
      const codes = selectLargestAmong(values, rows.length, k, marks);
      const mask = new Float32Array(values.length);
      scatter(codes, new Float32Array(codes.indices.length).fill(1), among.length, mask);
      expect(mask).toEqual(markLargest(values, rows.length, k, marks));
      const dense = new Float32Array(values.length);
      scatter(codes, codes.values, among.length, dense);
      expect(dense).toEqual(values.map((value, i) => (mask[i] === 1 ? value : 0)));
    }),
  );
});

it('marks the k largest of a row, of ties the first, NaN before all numbers', () => {
  const values = Float32Array.from([3, 1, 3, Number.NaN, 3, -1]);
  const among = (marks: number[]) => Uint8Array.from(marks);
  expect([...markLargest(values, 1, 2, among([1, 1, 1, 0, 1, 1]))]).toEqual([1, 0, 1, 0, 0, 0]);
  expect([...markLargest(values, 1, 2, among([1, 1, 1, 1, 1, 1]))]).toEqual([1, 0, 0, 1, 0, 0]);
  expect([...markLargest(values, 1, 3, among([0, 1, 0, 0, 0, 1]))]).toEqual([0, 1, 0, 0, 0, 1]);
  expect([...markLargest(values, 1, 0, among([1, 1, 1, 1, 1, 1]))]).toEqual([0, 0, 0, 0, 0, 0]);
});
