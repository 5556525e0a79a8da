import { describe, expect, it } from 'vitest';
import { uniform } from '../random.ts';
import { Device } from './device.ts';
import { chooseDevice } from './devices.ts';
import { multiply } from './matmul.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { noDevice } from './testing/here.ts';

/** Multiples of 2^-24 up to a half: a product, and its sum with a float32 below 16, are exact in float64. */
const draw = (count: number, next: () => number) =>
  Float32Array.from({ length: count }, () => (Math.floor(next() * 2 ** 24) - 2 ** 23) / 2 ** 24);

/** m, n, k. */
type Sizes = [number, number, number];
// Tiles that are not filled and several of them, on both sizes of a tile; rows that begin at multiples of 16
// bytes and others, and both by transposition; depths that no step divides, and less than one.
const SMALL: Sizes[] = [
  [1, 1, 1],
  [4, 8, 4],
  [70, 68, 44],
  [67, 37, 19],
  [34, 36, 18],
];
const LARGE: Sizes[] = [
  [516, 520, 12],
  [515, 517, 13],
];
const TRANSPOSES = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
const CASES = [
  ...[64, 256].flatMap((group) =>
    TRANSPOSES.flatMap(([a, b]) => [...SMALL, ...LARGE].map((size) => [group, ...size, a, b] as const)),
  ),
  ...SMALL.map((size) => [128, ...size, false, true] as const),
];

describe.skipIf(noDevice)('a product', () => {
  it.each(CASES)(
    'of groups of %i, %i × %i × %i, transposed %s and %s: the bits of a sum in order',
    (...one) => {
      const [group, m, n, k, transposeA, transposeB] = one;
      const device = new Device(new OpenClDriver(chooseDevice()), group);
      const next = uniform(m * n + k);
      // Two products, of one a and two b.
      const [stack, each] = [2, m * n];
      const [a, b, bias, scale] = [m * k, stack * k * n, n, n].map((count) => draw(count, next));
      const [left, right, added, times] = [a, b, bias, scale].map((values) => device.upload(values));
      // What is behind a result must stay.
      const out = device.upload(new Float32Array(stack * each + 16).fill(-1));
      multiply(device, left, right, out, {
        ...{ m, n, k, transposeA, transposeB, stack, next: [0, k * n], bias: added, scale: times },
      });
      const found = new Float32Array(stack * each + 16);
      device.read([[out, found]]);
      const [aRow, aDepth] = transposeA ? [1, m] : [k, 1];
      const [bDepth, bColumn] = transposeB ? [1, k] : [n, 1];
      const want = new Float32Array(stack * each + 16).fill(-1);
      for (let at = 0; at < stack * each; at++) {
        const [of, row, column] = [Math.floor(at / each), Math.floor((at % each) / n), at % n];
        let sum = 0;
        for (let i = 0; i < k; i++)
          sum = Math.fround(sum + a[row * aRow + i * aDepth] * b[of * k * n + i * bDepth + column * bColumn]);
        want[at] = Math.fround(sum + bias[column]) * scale[column];
      }
      const other = want.findIndex((value, at) => value !== found[at]);
      expect(other === -1 ? null : [other, found[other], want[other]]).toBeNull();
    },
  );

  it('keeps NaN and infinities in their rows and columns, beside numbers of every size', () => {
    const device = new Device(new OpenClDriver(chooseDevice()), 256);
    // The last row and column are those that stand for what is beyond the edge.
    const [m, n, k] = [6, 8, 4];
    const a = new Float32Array(m * k).fill(1);
    const b = new Float32Array(k * n).fill(1);
    a[m * k - 1] = Number.NaN;
    b[n - 1] = Number.POSITIVE_INFINITY;
    const out = device.allocate(m * n);
    multiply(device, device.upload(a), device.upload(b), out, {
      ...{ m, n, k, transposeA: false, transposeB: false },
    });
    const found = new Float32Array(m * n);
    device.read([[out, found]]);
    const row = (of: number) => [...found.subarray(of * n, (of + 1) * n)];
    for (let i = 0; i < m - 1; i++) expect(row(i)).toEqual([4, 4, 4, 4, 4, 4, 4, Number.POSITIVE_INFINITY]);
    expect(row(m - 1)).toEqual(new Array(n).fill(Number.NaN));
  });
});
