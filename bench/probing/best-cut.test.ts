import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bestCut, f1Of } from './best-cut.ts';

const scores = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 });

it('is the best of all thresholds, and the scores above it give that F1', () => {
  fc.assert(
    fc.property(scores, scores, fc.nat(4), (hits, others, missed) => {
      const sorted = [hits, others].map((each) => Float64Array.from(each).sort());
      const positives = hits.length + missed;
      const { threshold, f1 } = bestCut(sorted[0], sorted[1], positives, 0);
      const at = (cut: number) => {
        const [found, wrong] = [hits, others].map((each) => each.filter((score) => score > cut).length);
        return f1Of(found, found + wrong, positives);
      };
      expect(at(threshold)).toBe(f1);
      expect(f1).toBe(Math.max(...[0, 1, 2, 3, 4, 5, 6].map(at)));
    }),
  );
});

it('takes all scores by the floor, and lies halfway between two otherwise', () => {
  expect(bestCut(Float64Array.of(2, 3), Float64Array.of(1), 2, 0)).toEqual({ threshold: 1.5, f1: 1 });
  expect(bestCut(Float64Array.of(2, 3), Float64Array.of(), 2, 0)).toEqual({ threshold: 0, f1: 1 });
  expect(bestCut(Float64Array.of(), Float64Array.of(1), 2, 0)).toEqual({ threshold: Infinity, f1: 0 });
});
