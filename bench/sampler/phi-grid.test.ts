import { expect, it } from 'vitest';
import { Random } from '../random.ts';
import { normalCdf } from '../world/normal.ts';
import { bound, hazard, isBelowPhi, levelAbove } from './phi-grid.ts';

const random = new Random(1, 'grid', 0);
const places = [
  Number.NEGATIVE_INFINITY,
  -1e30,
  -10,
  -10.01,
  0,
  7.99,
  8,
  8.01,
  1e30,
  Number.POSITIVE_INFINITY,
];
for (let i = 0; i < 4000; i++) places.push(-12 + 22 * random.uniform());

it('bounds Phi from above, by little', () => {
  for (const x of places) {
    const level = levelAbove(x);
    expect(bound[level]).toBeGreaterThanOrEqual(normalCdf(x));
    if (x > -10 && x < 7) expect(bound[level]).toBeLessThanOrEqual(normalCdf(x + 1 / 32) * (1 + 1e-9));
    expect(hazard[level]).toBeCloseTo(-Math.log1p(-bound[level]), 12);
  }
});

it('compares with Phi as Phi itself does', () => {
  for (const x of places) {
    // Near Phi, within a cell of the grid, and anywhere.
    for (const u of [normalCdf(x) * (0.9 + 0.2 * random.uniform()), normalCdf(x), random.uniform()]) {
      expect(isBelowPhi(u, x)).toBe(u < normalCdf(x));
    }
  }
});
