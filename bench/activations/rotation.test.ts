import { expect, it } from 'vitest';
import { Random } from '../random.ts';
import { rotationOf } from './rotation.ts';

const KEY = Buffer.alloc(32, 1);

function normals(rows: number, d: number): Float32Array {
  const random = new Random(7, 'rows', 0);
  return Float32Array.from({ length: rows * d }, () => random.normal());
}

function rotated(x: Float32Array, rows: number, key: Uint8Array = KEY): Float32Array {
  const out = x.slice();
  rotationOf(key, x.length / rows)(out, rows);
  return out;
}

const products = (x: Float32Array, rows: number): number[] => {
  const d = x.length / rows;
  return Array.from({ length: rows * rows }, (_, at) => {
    const [i, j] = [Math.floor(at / rows), at % rows];
    let sum = 0;
    for (let k = 0; k < d; k++) sum += x[i * d + k] * x[j * d + k];
    return sum;
  });
};

it.each([1, 2, 3, 48, 767, 768])('keeps lengths and angles in %i dimensions, to float32', (d) => {
  const x = normals(6, d);
  const before = products(x, 6);
  products(rotated(x, 6), 6).forEach((product, at) => {
    expect(Math.abs(product - before[at])).toBeLessThan(1e-6 * d + 1e-6);
  });
});

it('is the same for the same key, whatever else is in the batch, and another by another key', () => {
  const x = normals(4, 48);
  const all = rotated(x, 4);
  expect(rotated(x.slice(2 * 48, 3 * 48), 1)).toEqual(all.subarray(2 * 48, 3 * 48));
  const other = rotated(x, 4, Buffer.alloc(32, 2));
  const [cosine, own] = [other, all].map(
    (rows) => rows.reduce((sum, value, at) => sum + value * all[at], 0) / (4 * 48),
  );
  expect(Math.abs(cosine / own)).toBeLessThan(0.4);
});

it('leaves no direction near where it was, and none along an axis', () => {
  // Single coordinates and their images, as unit vectors of 256 dimensions: the largest entry of a random
  // one is about 0.2, and one of a million is above 0.42.
  const d = 256;
  const axes = new Float32Array(d * d);
  for (let i = 0; i < d; i++) axes[i * d + i] = 1;
  const largest = rotated(axes, d).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeLessThan(0.45);
});
