import fc from 'fast-check';
import { expect, it } from 'vitest';
import { innerProducts } from './gemm.ts';
import { Random } from './random.ts';

it('gives every inner product, at any size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 1100 }),
      fc.integer({ min: 1, max: 20 }),
      (m, n, d) => {
        const random = new Random(m, 'gemm', n);
        const a = Float32Array.from({ length: m * d }, () => random.normal());
        const b = Float32Array.from({ length: n * d }, () => random.normal());
        const products = innerProducts(a, b, d);
        expect(products).toHaveLength(m * n);
        for (const [i, j] of [
          [0, 0],
          [m - 1, n - 1],
          [m >> 1, n >> 1],
          [m - 1, 0],
          [0, n - 1],
        ]) {
          let sum = 0;
          for (let k = 0; k < d; k++) sum += a[i * d + k] * b[j * d + k];
          expect(products[i * n + j]).toBeCloseTo(sum, 4);
        }
      },
    ),
    { numRuns: 25 },
  );
});
