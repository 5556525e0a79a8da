import { describe, expect, it } from 'vitest';
import { disagreement, floats, type GoldenTensor, golden, numbers } from '../golden.ts';
import { type Forest, type ForestNode, parseForest } from '../world/forest.ts';
import { normalCdf } from '../world/normal.ts';
import { above, applyHierarchy, gaussians, hiddenOf, magnitudesOf } from './reference.ts';

interface Tree {
  parent: number[];
  children_mutually_exclusive: number[];
  scale_children: number[];
  roots: number[];
}

function forestOf(tree: Tree, scaling = false): Forest {
  const nodes: ForestNode[] = tree.parent.map((_, i) => ({
    feature_index: i,
    mutually_exclusive_children: tree.children_mutually_exclusive[i] === 1,
    scale_children_by_parent: scaling,
    feature_id: null,
    children: [],
  }));
  tree.parent.forEach((parent, i) => {
    if (parent >= 0) nodes[parent].children.push(nodes[i]);
  });
  return { roots: tree.roots.map((i) => nodes[i]) };
}

type Triple = [number, number, number];

const dense = (triples: Triple[], rows: number, n: number): Float32Array => {
  const out = new Float32Array(rows * n);
  for (const [row, feature, value] of triples) out[row * n + feature] = value;
  return out;
};

describe('the reference pipeline against the reference', () => {
  const fixture = golden<{
    inputs: Record<string, GoldenTensor> & {
      num_features: number;
      hidden_dim: number;
      rank: number;
      batch: number;
    };
    variants: (Record<string, unknown> & {
      scale_children_by_parent: boolean;
      mutual_exclusion_uniforms: GoldenTensor[];
      after_level: Triple[][];
      final: Triple[];
      hidden: GoldenTensor;
    })[];
  }>('sampling_pipeline.json');
  const { inputs, variants } = fixture;
  const { num_features: n, batch: rows, rank } = inputs;
  const shared = variants[0] as unknown as Record<string, GoldenTensor> & {
    tree: Tree;
    before_hierarchy: Triple[];
  };
  const thresholds = floats(shared.thresholds);
  const means = floats(inputs.mean_magnitudes);
  const copula = { rank, factor: floats(inputs.correlation_factor), diag: floats(inputs.correlation_diag) };
  const g = gaussians(copula, floats(inputs.eps), floats(inputs.eta), rows, n);
  const beforeHierarchy = (): Float32Array => {
    const draws = numbers(shared.magnitude_normals);
    let next = 0;
    return magnitudesOf(above(g, thresholds), means, floats(inputs.std_magnitudes), () => draws[next++]);
  };

  it('makes correlated Gaussians and fires above the thresholds', () => {
    const first = numbers(shared.gaussian_first_4_rows);
    expect(disagreement(g.subarray(0, first.length), first)).toBeLessThan(1);
    expect(disagreement(beforeHierarchy(), dense(shared.before_hierarchy, rows, n))).toBeLessThan(1);
  });

  it('fires, given the factors, with probability Phi((F·z - t)/s)', () => {
    const expected = numbers(shared.conditional_fire_prob_first_2_rows);
    const ours = expected.map((_, at) => {
      const [row, i] = [Math.floor(at / n), at % n];
      let dot = -thresholds[i];
      for (let k = 0; k < rank; k++)
        dot += copula.factor[i * rank + k] * Number(inputs.eps.data[row * rank + k]);
      return normalCdf(dot / Math.sqrt(copula.diag[i]));
    });
    expect(disagreement(ours, expected)).toBeLessThan(1);
  });

  it.each(variants.map((v) => [v.scale_children_by_parent, v] as const))(
    'hierarchy, scaling %s',
    (scaling, v) => {
      const activations = beforeHierarchy();
      let draws = 0;
      applyHierarchy(
        forestOf(shared.tree, scaling),
        activations,
        means,
        (conflicts, width) => {
          const tensor = v.mutual_exclusion_uniforms[draws++];
          expect(tensor.shape).toEqual([conflicts, width]);
          return numbers(tensor);
        },
        (level) => {
          expect(disagreement(activations, dense(v.after_level[level], rows, n))).toBeLessThan(1);
        },
      );
      expect(draws).toBe(v.mutual_exclusion_uniforms.length);
      expect(disagreement(activations, dense(v.final, rows, n))).toBeLessThan(1);
      const x = hiddenOf(
        { featureVectors: floats(inputs.feature_vectors), bias: floats(inputs.bias) },
        activations,
      );
      expect(disagreement(x, numbers(v.hidden))).toBeLessThan(1);
    },
  );
});

it('the hierarchy with organisational nodes and mixed flags', () => {
  const fixture = golden<{
    forest: unknown[];
    mean_magnitudes: GoldenTensor;
    activations_in: GoldenTensor;
    activations_out: GoldenTensor;
    uniform_draws: GoldenTensor[];
  }>('hierarchy_modifier.json');
  const means = floats(fixture.mean_magnitudes);
  const activations = floats(fixture.activations_in);
  const forest = parseForest({ roots: fixture.forest }, means.length, 'fixture');
  let draws = 0;
  applyHierarchy(forest, activations, means, (conflicts, width) => {
    const tensor = fixture.uniform_draws[draws++];
    expect(tensor.shape).toEqual([conflicts, width]);
    return numbers(tensor);
  });
  expect(draws).toBe(fixture.uniform_draws.length);
  expect(disagreement(activations, numbers(fixture.activations_out))).toBeLessThan(1);
});
