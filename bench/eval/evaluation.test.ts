import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Evaluation } from './evaluation.ts';
import { matchLatents } from './matching.ts';

const identity = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
const features = { count: 3, dim: 3, data: identity };

/**
 * Latents 0 and 1 have the directions of features 0 and 1. Of two samples, the first has feature 0 and the
 * second none.
 */
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

it('counts every code that is not 0 as firing, as SAELens does: a negative one too', () => {
  const evaluation = evaluated([2, -1, 0], [0, 1, 1], [0, 2, 3]);
  expect([...evaluation.fired]).toEqual([1, 1]);
  expect(evaluation.metrics()).toMatchObject({ l0: 1, true_l0: 0.5, dead_latents: 0, f1: 0.5 });
  expect([...evaluation.counts().fp]).toEqual([0, 1]);
  // The output of the first sample is (2, -1, 0): residual 1 over a variance of 2 - 1 = 1 and two samples.
  expect(evaluation.metrics().explained_variance).toBeCloseTo(0.5, 12);
  // A sample without activations has no shrinkage.
  expect(evaluation.metrics().shrinkage).toBeCloseTo(Math.sqrt(5) / 2, 12);
});

it('compares x with what rows that were normalised decode to, put back by x', () => {
  const weights = identity.slice(0, 6);
  const matching = matchLatents({ count: 2, dim: 3, data: weights }, features);
  const decoder = { weights, bias: new Float32Array(3), rowNorm: 'constant_norm_rescale' as const };
  const evaluation = new Evaluation(matching, decoder, 3);
  const truth = { features: Uint32Array.of(0, 1), values: Float32Array.of(2, 4) };
  const rows = { rows: 2, offsets: Uint32Array.of(0, 1, 2) };
  // Both rows have norm √3 when they are encoded: codes of √3 are exact once the norms are restored.
  const codes = { ...rows, indices: Uint32Array.of(0, 1), values: new Float32Array(2).fill(Math.sqrt(3)) };
  evaluation.add({ ...rows, ...truth }, Float32Array.of(2, 0, 0, 0, 4, 0), codes);
  const { explained_variance, shrinkage } = evaluation.metrics();
  expect(explained_variance).toBeCloseTo(1, 6);
  expect(shrinkage).toBeCloseTo(1, 6);
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

/**
 * The definitions of a verdict's metrics, computed with dense tables: activations [rows][3 features], codes
 * [rows][2 latents].
 */
function byDefinition(active: number[][], codes: number[][], best: Int32Array): Record<string, number> {
  const share = (a: number, b: number): number => (b > 0 ? a / b : 0);
  const count = (test: (row: number) => boolean): number => active.filter((_, row) => test(row)).length;
  const latents = Array.from(best, (feature, latent) => {
    const fires = (row: number): boolean => codes[row][latent] !== 0;
    const truth = (row: number): boolean => active[row][feature] > 0;
    const tp = count((row) => fires(row) && truth(row));
    const precision = share(tp, count(fires));
    const recall = share(tp, count(truth));
    const agree = count((row) => fires(row) === truth(row));
    return {
      precision,
      recall,
      f1: share(2 * precision * recall, precision + recall),
      accuracy: share(agree, active.length),
    };
  });
  const mean = (of: (latent: (typeof latents)[number]) => number): number =>
    latents.reduce((sum, latent) => sum + of(latent), 0) / latents.length;
  const l0 = (rows: number[][]): number => rows.flat().filter((v) => v !== 0).length / rows.length;
  return {
    f1: mean((l) => l.f1),
    precision: mean((l) => l.precision),
    recall: mean((l) => l.recall),
    accuracy: mean((l) => l.accuracy),
    l0: l0(codes),
    true_l0: l0(active),
    dead_latents: Array.from(best, (_, i) => Number(codes.every((row) => row[i] === 0))).reduce(
      (a, b) => a + b,
    ),
  };
}

const sparse = (rows: number[][]) => ({
  rows: rows.length,
  offsets: Uint32Array.from([
    0,
    ...rows.map(
      (_, i) =>
        rows
          .slice(0, i + 1)
          .flat()
          .filter(Boolean).length,
    ),
  ]),
  places: Uint32Array.from(rows.flatMap((row) => row.flatMap((value, i) => (value ? [i] : [])))),
  values: Float32Array.from(rows.flat().filter(Boolean)),
});

it('gives what the definitions say of dense tables, in any batches, also empty ones', () => {
  const value = fc.constantFrom(0, 0, 1, 2.5);
  const row = fc.record({
    active: fc.tuple(value, value, value),
    codes: fc.tuple(fc.constantFrom(0, 0, 1, -1), fc.constantFrom(0, 0, 1, -1)),
    /** Whether a new batch begins at this row. */
    cut: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const weights = Float32Array.of(1, 0.1, 0, 0, 0.2, 1);
      const matching = matchLatents({ count: 2, dim: 3, data: weights }, features);
      const evaluation = new Evaluation(matching, { weights, bias: new Float32Array(3) }, 3);
      const starts = rows.flatMap(({ cut }, i) => (cut || i === 0 ? [i] : []));
      starts.forEach((start, i) => {
        const batch = rows.slice(start, starts[i + 1]);
        const truth = sparse(batch.map((r) => r.active));
        const codes = sparse(batch.map((r) => r.codes));
        // The features are the axes, so x is the activations.
        const x = Float32Array.from(batch.flatMap((r) => r.active));
        evaluation.add({ ...truth, features: truth.places }, x, { ...codes, indices: codes.places });
      });
      const metrics = evaluation.metrics();
      const expected = byDefinition(
        rows.map((r) => r.active),
        rows.map((r) => r.codes),
        matching.best,
      );
      for (const [name, number] of Object.entries(expected))
        expect(metrics[name], name).toBeCloseTo(number, 9);
    }),
  );
});
