import { expect, it } from 'vitest';
import { Evaluation } from './evaluation.ts';
import { matchLatents } from './matching.ts';

const identity = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
const features = { count: 3, dim: 3, data: identity };

/** Latents 0 and 1 hold features 0 and 1; two samples, of which the first has feature 0 and the second none. */
function evaluated(values: number[], indices: number[], offsets: number[]): Evaluation {
  const weights = identity.slice(0, 6);
  const matching = matchLatents({ count: 2, dim: 3, data: weights }, features);
  const evaluation = new Evaluation(matching, { weights, bias: new Float32Array(3) }, 3);
  evaluation.add(
    {
      rows: 2,
      offsets: Uint32Array.of(0, 1, 1),
      features: Uint32Array.of(0),
      values: Float32Array.of(2),
    },
    Float32Array.of(2, 0, 0, 0, 0, 0),
    {
      rows: 2,
      offsets: Uint32Array.from(offsets),
      indices: Uint32Array.from(indices),
      values: Float32Array.from(values),
    },
  );
  return evaluation;
}

it('counts a code as firing only above 0, but decodes every code', () => {
  const evaluation = evaluated([2, -1, 0], [0, 1, 1], [0, 2, 3]);
  expect([...evaluation.fired]).toEqual([1, 0]);
  expect(evaluation.metrics()).toMatchObject({ l0: 0.5, true_l0: 0.5, dead_latents: 1, f1: 0.5 });
  // The output of the first sample is (2, -1, 0): residual 1 over a variance of 2 - 1 = 1 and two samples.
  expect(evaluation.metrics().explained_variance).toBeCloseTo(0.5, 12);
  // A sample without activations has no shrinkage.
  expect(evaluation.metrics().shrinkage).toBeCloseTo(Math.sqrt(5) / 2, 12);
});

it('gives numbers, not NaN, when nothing fires and nothing is seen', () => {
  const nothing = evaluated([], [], [0, 0, 0]).metrics();
  expect(nothing).toMatchObject({ f1: 0, precision: 0, recall: 0, l0: 0, dead_latents: 2, shrinkage: 0 });
  const weights = identity.slice(0, 6);
  const matching = matchLatents({ count: 2, dim: 3, data: weights }, features);
  const unseen = new Evaluation(matching, { weights, bias: new Float32Array(3) }, 3).metrics();
  expect(Object.values(unseen).every(Number.isFinite)).toBe(true);
});

it('matches a zero row with cosine 0, and no latent to a feature of its own twice', () => {
  const matching = matchLatents(
    { count: 3, dim: 3, data: Float32Array.of(0, 0, 0, 0, -3, 0, 0, 2, 0) },
    features,
  );
  expect([...matching.best]).toEqual([0, 1, 1]);
  expect([...matching.bestCosine]).toEqual([0, 1, 1]);
  expect(matching.mcc).toBeCloseTo(1 / 3, 12);
  expect(matching.uniqueness).toBeCloseTo(2 / 3, 12);
});
