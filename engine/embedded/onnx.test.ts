import { expect, it } from 'vitest';
import { uniform } from '../random.ts';
import { SharedHeap } from './heap.ts';
import { findOnnx } from './onnx.ts';

const onnx = findOnnx(2);

it.skipIf(!onnx)(
  'ONNX Runtime multiplies in shared memory, in all four transpositions (SKIP without it)',
  () => {
    const [m, n, k] = [30, 20, 50];
    const heap = new SharedHeap(64);
    const next = uniform(1);
    const [a, b, c] = [m * k, k * n, m * n].map((size) => heap.floats(heap.allocate(4 * size), size));
    for (const view of [a, b]) for (let i = 0; i < view.length; i++) view[i] = next() - 0.5;
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        c.fill(Number.NaN);
        onnx?.multiply(a, b, c, { m, n, k, transposeA, transposeB });
        const wanted = Array.from({ length: m * n }, (_, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          let sum = 0;
          for (let l = 0; l < k; l++)
            sum += a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
          return sum;
        });
        expect(Math.max(...wanted.map((number, i) => Math.abs(number - c[i])))).toBeLessThan(1e-5);
      }
    }
    expect(onnx?.label).toMatch(/^ONNX Runtime \d/);
  },
);

it.skipIf(!onnx)('says what ONNX Runtime refuses (SKIP without it)', () => {
  const heap = new SharedHeap(64);
  const [a, b, c] = [4, 4, 4].map((size) => heap.floats(heap.allocate(4 * size), size));
  const size = { m: 2, n: 2, k: 3, transposeA: false, transposeB: false };
  expect(() => onnx?.multiply(a, b, c, size)).toThrow(/^ONNX Runtime: /);
});
