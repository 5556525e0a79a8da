import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../random.ts';
import { BLOCK, Firing } from './firing.ts';
import { BUCKET, type Plan } from './plan.ts';

/** A plan of features in buckets alone, with loadings of about this size and these cutoffs. */
function planWith(cutoffs: number[], rank: number, size: number, seed: number): Plan {
  const random = new Random(seed, 'loadings', 0);
  const n = cutoffs.length;
  const buckets = Math.ceil(n / BUCKET);
  return {
    rank,
    loadings: Float32Array.from({ length: n * rank }, () => size * random.normal()),
    cutoffs: Float32Array.from(cutoffs),
    frequent: n,
    top: Int32Array.from({ length: buckets * BUCKET }, (_, i) => (i < n ? i : -1)),
    buckets,
    openRoots: [],
    childStart: new Int32Array(n + 2),
    childList: new Int32Array(0),
    exclusive: new Uint8Array(n + 1),
    scaling: new Uint8Array(n + 1),
  };
}

const cutoff = fc.oneof(
  fc.double({ min: -5, max: 5, noNaN: true }),
  fc.constantFrom(Number.NEGATIVE_INFINITY, -1000, 1000, 39.99, 40.01),
);

it('bounds every argument from above, tightly where the loadings are those of a world', () => {
  fc.assert(
    fc.property(
      fc.array(cutoff, { minLength: 1, maxLength: 70 }),
      fc.integer({ min: 0, max: 27 }),
      fc.constantFrom(0.001, 0.1, 3, 50),
      fc.nat(),
      (cutoffs, rank, size, seed) => {
        const plan = planWith(cutoffs, rank, size, seed);
        const firing = new Firing(plan);
        firing.draw(BLOCK, new Random(seed, 'factors', 0));
        for (let row = 0; row < BLOCK; row++) {
          const error = firing.errors[row];
          for (let position = 0; position < plan.top.length; position++) {
            const at = row * plan.top.length + position;
            expect(firing.maxima[Math.floor(at / BUCKET)]).toBeGreaterThanOrEqual(firing.bounds[at]);
            const feature = plan.top[position];
            if (feature < 0) expect(firing.unit * firing.bounds[at] + error).toBeLessThan(-30);
            else {
              const argument = firing.argument(row, feature);
              // Phi is 1 above 8, and 0 below -38: a bound there need not be higher.
              expect(firing.unit * firing.bounds[at] + error).toBeGreaterThanOrEqual(Math.min(argument, 9));
              if (size <= 0.1 && Math.abs(cutoffs[feature]) <= 5)
                expect(firing.unit * firing.bounds[at] + error - argument).toBeLessThan(0.02);
            }
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
