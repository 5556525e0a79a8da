import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planNight } from './plan.ts';
import { faultsOf } from './table.ts';

it('plans every fault into any night, and no number twice', () => {
  const sprintsOf = (seed: number) => planNight(seed).flatMap(({ sprints }) => sprints);
  const faults = (seed: number) =>
    sprintsOf(seed)
      .flatMap(faultsOf)
      .map((fault) => fault.replace(/ ×\d+$/, ''))
      .sort();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
      expect(planNight(seed)[0].sprints.length).toBeGreaterThanOrEqual(20);
      expect(faults(seed)).toEqual(faults(0));
      const numbers = sprintsOf(seed).flatMap(({ f1 }) => (f1 === null ? [] : [f1]));
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const { steps, disturbed, outcomes, forced } of sprintsOf(seed)) {
        expect(outcomes.length).toBeGreaterThan(0);
        expect(outcomes.some((outcome) => outcome === 'failed' || outcome === 'interrupted')).toBe(forced);
        // A sprint that is cut off is not continued once TASK.md has changed.
        const whats = disturbed.map(({ what }) => what);
        expect(whats).toContain('overload (529)');
        expect(whats.includes('TASK.md edited') && whats.some((what) => what.startsWith('kill'))).toBe(false);
        for (const { at, what } of disturbed) {
          expect(at).toBeLessThan(steps.length);
          // A kill comes after start_sprint: before it there is nothing to continue.
          if (what.startsWith('kill')) expect(at).toBeGreaterThan(1);
        }
      }
    }),
    { numRuns: 50 },
  );
});

it('is the same night for the same seed', () => {
  expect(planNight(7)).toEqual(planNight(7));
  expect(planNight(7)).not.toEqual(planNight(8));
});
