import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scatter } from './csr.ts';
import { selectAbove } from './select-above.ts';

const number = fc.constantFrom(0, -0, 1, -1, 2, Number.NaN, Infinity, -Infinity, 0.5, -2);
const cases = fc.integer({ min: 1, max: 40 }).chain((columns) => {
  const row = fc.array(number, { minLength: columns, maxLength: columns });
  return fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 5 }), thresholds: row });
});

it('keeps the positive numbers above the threshold of their column, and NaN', () => {
  fc.assert(
    fc.property(cases, ({ rows, thresholds }) => {
      const values = Float32Array.from(rows.flat());
      const codes = selectAbove(values, rows.length, Float32Array.from(thresholds));
      const dense = new Float32Array(values.length);
      scatter(codes, codes.values, thresholds.length, dense);
      const kept = (value: number, threshold: number) =>
        (value > 0 && value > threshold) || Number.isNaN(value);
      const want = rows.flatMap((row) => row.map((value, i) => (kept(value, thresholds[i]) ? value : 0)));
      expect(dense).toEqual(Float32Array.from(want));
    }),
  );
});
