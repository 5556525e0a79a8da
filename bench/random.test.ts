import { createCipheriv, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';
import { normalCdf, normalQuantile } from './world/normal.ts';

const N = 200_000;
const draws = (of: (random: Random) => number, random = new Random(1, 'test', 0)): Float64Array =>
  Float64Array.from({ length: N }, () => of(random));

/**
 * Largest distance between the empirical and the true distribution, in units of 1/sqrt(n); above 1.95 with
 * chance 0.1 %.
 */
function kolmogorov(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  let worst = 0;
  sorted.forEach((x, i) => {
    worst = Math.max(worst, Math.abs(cdf(x) - i / N), Math.abs(cdf(x) - (i + 1) / N));
  });
  return worst * Math.sqrt(N);
}

const key = Uint8Array.from({ length: 16 }, (_, i) => i);

describe('random numbers', () => {
  it.each([
    ['a number', 1],
    ['a key', key],
  ])('have the distributions they are named after: of %s', (_, seed) => {
    const from = () => new Random(seed, 'test', 0);
    const uniform = draws((r) => r.uniform(), from());
    const exponential = draws((r) => r.exponential(), from());
    expect(kolmogorov(uniform, (x) => x)).toBeLessThan(1.95);
    expect(kolmogorov(exponential, (x) => 1 - Math.exp(-x))).toBeLessThan(1.95);
    expect(
      kolmogorov(
        draws((r) => r.normal(), from()),
        normalCdf,
      ),
    ).toBeLessThan(1.95);
  });

  it('of a key are those of AES-256 in counter mode, under a key for each stream and batch', () => {
    const first = (stream: string, index: number, of = key) => {
      const random = new Random(of, stream, index);
      return Array.from({ length: 2000 }, () => random.bits());
    };
    const own = createHmac('sha256', key)
      .update('eval\0' + '3')
      .digest();
    const bytes = createCipheriv('aes-256-ctr', own, Buffer.alloc(16)).update(Buffer.alloc(8000));
    expect(first('eval', 3)).toEqual(Array.from({ length: 2000 }, (_, i) => bytes.readUInt32LE(4 * i)));
    for (const other of [first('eval', 4), first('train', 3)]) expect(other).not.toEqual(first('eval', 3));
    expect(() => first('eval', 0, key.slice(0, 15))).toThrow('120 bits');
  });

  it.each([1, key])('fill an array with what they give one by one: of %j', (seed) => {
    const one = new Random(seed, 'test', 0);
    const many = new Random(seed, 'test', 0);
    for (const count of [1, 0, 700, 5000, 3]) {
      const words = new Uint32Array(count);
      many.fill(words);
      expect(words).toEqual(Uint32Array.from(words, () => one.bits()));
    }
    expect(many.bits()).toBe(one.bits());
  });

  it('reach into the tails as far as they should', () => {
    const normals = draws((r) => r.normal());
    for (const limit of [2, 3, 3.5, 4]) {
      const expected = 2 * normalCdf(-limit) * N;
      const beyond = normals.filter((x) => Math.abs(x) > limit).length;
      expect(Math.abs(beyond - expected)).toBeLessThan(4.5 * Math.sqrt(expected));
    }
  });

  it('are of one key alone', () => {
    // These two keys collided when a key was hashed to 32 bits.
    const [train, judge] = [new Random(68_583, 'train', 0), new Random(2655, 'eval', 1)];
    expect(train.bits()).not.toBe(judge.bits());
  });

  it('are other ones for another seed, stream or index, and not shifted ones', () => {
    const base = draws((r) => r.uniform(), new Random(5, 'train', 7));
    for (const other of [
      new Random(6, 'train', 7),
      new Random(5, 'eval', 7),
      new Random(5, 'train', 8),
      new Random(5 + 2 ** 32, 'train', 7),
    ]) {
      const values = draws((r) => r.uniform(), other);
      for (const lag of [0, 1, 2, 3]) {
        let sum = 0;
        for (let i = 0; i < N - lag; i++) sum += (base[i + lag] - 0.5) * (values[i] - 0.5);
        expect(Math.abs((sum * 12) / Math.sqrt(N))).toBeLessThan(4.5);
      }
    }
    expect(draws((r) => r.uniform(), new Random(5, 'train', 7))).toEqual(base);
  });
});

describe('the normal distribution', () => {
  it('is accurate far into its lower tail', () => {
    // Values of Phi from tables to 10 digits and more.
    for (const [x, phi] of [
      [0, 0.5],
      [-1, 0.15865525393145705],
      [-3, 1.3498980316300946e-3],
      [-6, 9.865876450376946e-10],
      [-10, 7.619853024160527e-24],
      [2, 0.9772498680518208],
    ]) {
      expect(Math.abs(normalCdf(x) / phi - 1)).toBeLessThan(1e-12);
    }
    expect([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY].map(normalCdf)).toEqual([0, 1]);
  });

  it('is inverted by its quantile', () => {
    for (const p of [1e-12, 1e-6, 0.0005, 0.02, 0.3, 0.5, 0.7, 0.999, 1 - 1e-9]) {
      expect(Math.abs(normalCdf(normalQuantile(p)) / p - 1)).toBeLessThan(1e-12);
    }
    expect([0, 1].map(normalQuantile)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(normalQuantile(1.5)).toBeNaN();
  });
});
