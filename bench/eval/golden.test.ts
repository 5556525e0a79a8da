import { describe, expect, it } from 'vitest';
import type { SparseCodes } from '#contract/codes';
import { disagreement, floats, type GoldenTensor, golden, numbers } from '../golden.ts';
import type { SparseRows } from '../sampler/sampler.ts';
import { assign } from './assignment.ts';
import { Evaluation } from './evaluation.ts';
import { matchLatents } from './matching.ts';

interface Case {
  name: string;
  num_features: number;
  hidden_dim: number;
  d_sae: number;
  num_samples: number;
  batch_size: number;
  activation_scale: number | null;
  feature_acts: [number, number, number][];
  expected: Record<string, GoldenTensor> & {
    result: Record<string, number> & { classification: Record<string, number> };
    hungarian: { latents: GoldenTensor; features: GoldenTensor };
  };
  [tensor: string]: unknown;
}

const fixture = golden<{
  cases: Case[];
  assignment: { cost: GoldenTensor; rows: GoldenTensor; cols: GoldenTensor; total: number }[];
}>('eval_metrics.json');

/** JumpReLU codes of dense x, computed by the definition. */
function encode(
  x: Float32Array,
  rows: number,
  d: number,
  m: number,
  tensor: (name: string) => Float32Array,
): SparseCodes {
  const [wEnc, bEnc, bDec, threshold] = ['W_enc', 'b_enc', 'b_dec', 'threshold'].map(tensor);
  const offsets = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < m; i++) {
      let h = bEnc[i];
      for (let k = 0; k < d; k++) h += (x[row * d + k] - bDec[k]) * wEnc[k * m + i];
      if (h <= threshold[i] || h <= 0) continue;
      indices.push(i);
      values.push(h);
    }
    offsets.push(indices.length);
  }
  return {
    rows,
    offsets: Uint32Array.from(offsets),
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
  };
}

describe('evaluation against the reference', () => {
  it.each(fixture.cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const { hidden_dim: d, num_features: n, d_sae: m, expected } = c;
    const tensor = (name: string): Float32Array => floats(c[name] as GoldenTensor);
    const scale = c.activation_scale ?? 1;
    const vectors = tensor('feature_vectors');
    const decoder = {
      weights: tensor('W_dec').map((w) => w / scale),
      bias: tensor('b_dec').map((b) => b / scale),
    };
    const matching = matchLatents(
      { count: m, dim: d, data: decoder.weights },
      { count: n, dim: d, data: vectors },
    );
    expect([...matching.best]).toEqual([...numbers(expected.best_match)]);
    const evaluation = new Evaluation(matching, decoder, n);
    for (let start = 0; start < c.num_samples; start += c.batch_size) {
      const rows = Math.min(c.batch_size, c.num_samples - start);
      const { truth, x } = batchOf(c.feature_acts, start, rows, vectors, tensor('feature_bias'));
      const codes = encode(
        x.map((value) => value * scale),
        rows,
        d,
        m,
        tensor,
      );
      evaluation.add(truth, x, codes);
    }
    const counts = evaluation.counts();
    for (const key of ['tp', 'fp', 'fn', 'tn'] as const) {
      expect([...counts[key]]).toEqual([...numbers(expected[key])]);
    }
    expect([...evaluation.fired]).toEqual([...numbers(expected.latent_firing_counts)]);
    const { result } = expected;
    const ours = evaluation.metrics();
    const pairs: [number, number][] = [
      [ours.true_l0, result.true_l0],
      [ours.l0, result.sae_l0],
      [ours.dead_latents, result.dead_latents],
      [ours.shrinkage, result.shrinkage],
      [ours.explained_variance, result.explained_variance],
      [ours.mcc, result.mcc],
      [ours.uniqueness, result.uniqueness],
      [ours.precision, result.classification.precision],
      [ours.recall, result.classification.recall],
      [ours.f1, result.classification.f1_score],
      [ours.accuracy, result.classification.accuracy],
    ];
    expect(
      disagreement(
        pairs.map(([a]) => a),
        pairs.map(([, b]) => b),
      ),
    ).toBeLessThan(1);
    const assigned = assign(
      matching.cosines.map((cosine) => -cosine),
      m,
      n,
    );
    // A zero latent may get either of two equally good columns; its cosine is the same.
    const { latents } = expected.hungarian;
    expect(
      disagreement(
        [...latents.data].map((i) => matching.cosines[Number(i) * n + assigned[Number(i)]]),
        numbers(expected.abs_cosine_of_match),
      ),
    ).toBeLessThan(1);
  });

  it.each(fixture.assignment.map((a) => [a.cost.shape.join('x'), a] as const))('assignment %s', (_, a) => {
    const [rows, columns] = a.cost.shape;
    const cost = numbers(a.cost);
    const assigned = assign(cost.slice(), rows, columns);
    const total = [...assigned].reduce((sum, j, i) => sum + (j < 0 ? 0 : cost[i * columns + j]), 0);
    expect(total).toBeCloseTo(a.total, 6);
    expect([...a.rows.data].map((i) => assigned[Number(i)])).toEqual(a.cols.data);
  });
});

function batchOf(
  triples: readonly [number, number, number][],
  start: number,
  rows: number,
  vectors: Float32Array,
  bias: Float32Array,
): { truth: SparseRows; x: Float32Array } {
  const d = bias.length;
  const inRows = triples.filter(([sample]) => sample >= start && sample < start + rows);
  const offsets = new Uint32Array(rows + 1);
  for (const [sample] of inRows) offsets[sample - start + 1]++;
  for (let row = 0; row < rows; row++) offsets[row + 1] += offsets[row];
  const x = new Float32Array(rows * d);
  for (let row = 0; row < rows; row++) x.set(bias, row * d);
  for (const [sample, feature, value] of inRows) {
    for (let k = 0; k < d; k++) x[(sample - start) * d + k] += value * vectors[feature * d + k];
  }
  return {
    truth: {
      rows,
      offsets,
      features: Uint32Array.from(inRows, ([, feature]) => feature),
      values: Float32Array.from(inRows, ([, , value]) => value),
    },
    x,
  };
}
