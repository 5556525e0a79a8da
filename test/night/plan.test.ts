import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planNight } from './plan.ts';

it('plans every fault once into any night, and no number twice', () => {
  const faultsOf = (seed: number) =>
    planNight(seed)
      .flatMap((plan) => [...plan.faults, ...plan.disturbed.values()])
      .sort();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      const plans = planNight(seed);
      expect(plans.length).toBeGreaterThanOrEqual(20);
      expect(faultsOf(seed)).toEqual(faultsOf(0));
      expect(new Set(faultsOf(seed)).size).toBe(faultsOf(seed).length);
      const numbers = plans.flatMap(({ f1 }) => (f1 === null ? [] : [f1]));
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const { steps, disturbed, outcomes } of plans) {
        expect(outcomes.length).toBeGreaterThan(0);
        // After the sprint was started: what comes before leaves nothing to be taken up again.
        for (const at of disturbed.keys()) expect(at > 1 && at < steps.length).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

it('is the same night for the same seed', () => {
  expect(planNight(7)).toEqual(planNight(7));
  expect(planNight(7)).not.toEqual(planNight(8));
});
