import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openNativeSampler } from '../sampler/native.ts';
import { compareRows, SUMS } from './compare-rows.ts';

const levels = ['avx512', 'avx2'].filter((level) => {
  try {
    return openNativeSampler(level) !== null;
  } catch {
    return false;
  }
});

const numbers = (count: number) =>
  fc.float32Array({ minLength: count, maxLength: count, noNaN: true, noDefaultInfinity: true });

it.skipIf(levels.length === 0)('sums up in C what it sums up in TypeScript (SKIP without AVX2)', () => {
  const cases = fc
    .record({ rows: fc.nat({ max: 11 }), dim: fc.integer({ min: 1, max: 20 }) })
    .chain(({ rows, dim }) =>
      fc.record({
        rows: fc.constant(rows),
        dim: fc.constant(dim),
        x: numbers(rows * dim),
        y: numbers(rows * dim),
      }),
    );
  fc.assert(
    fc.property(cases, fc.constantFrom(...levels), ({ rows, dim, x, y }, level) => {
      const of = (native: string) => {
        const columns = new Float64Array(dim).fill(0.1);
        const sums = new Float64Array(rows * SUMS);
        compareRows(x, y, columns, sums, rows, native);
        return { columns, sums };
      };
      expect(of(level)).toEqual(of('off'));
    }),
  );
});

it.skipIf(levels.length === 0)('refuses arrays that are too short (SKIP without AVX2)', () => {
  const [x, columns] = [new Float32Array(6), new Float64Array(3)];
  expect(() => compareRows(x, x.subarray(1), columns, new Float64Array(6), 2, levels[0])).toThrow(
    'too short',
  );
  expect(() => compareRows(x, x, columns, new Float64Array(5), 2, levels[0])).toThrow('too short');
});
