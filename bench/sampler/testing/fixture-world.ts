import { floats, type GoldenTensor, golden } from '../../golden.ts';
import { parseConfig } from '../../world/config.ts';
import type { ForestNode } from '../../world/forest.ts';
import { deriveWorld, type World } from '../../world/world.ts';

interface Variant {
  scale_children_by_parent: boolean;
  num_samples: number;
  firing_rate: GoldenTensor;
  l0_mean: number;
  l0_mean_se: number;
  l0_std: number;
  l0_histogram: GoldenTensor;
  pairs: [number, number][];
  co_firing_rate: GoldenTensor;
  magnitude: {
    features: number[];
    count: GoldenTensor;
    mean_when_active: GoldenTensor;
    std_when_active: GoldenTensor;
  };
  second_moment_trace: number;
  second_moment_trace_se: number;
  mean_hidden: GoldenTensor;
}

/** What the reference drew from a small world, in both of its forms. */
export const fixture = golden<{
  inputs: Record<string, GoldenTensor> & {
    num_features: number;
    hidden_dim: number;
    rank: number;
    parent: number[];
  };
  variants: Variant[];
}>('sampler_distribution.json');

/** The fixture's world: its tensors, with exclusive children wherever there are two. */
export function fixtureWorld(scaling: boolean): World {
  const { inputs } = fixture;
  const nodes: ForestNode[] = inputs.parent.map((_, i) => ({
    feature_index: i,
    mutually_exclusive_children: false,
    scale_children_by_parent: scaling,
    feature_id: null,
    children: [],
  }));
  inputs.parent.forEach((parent, i) => {
    if (parent >= 0) nodes[parent].children.push(nodes[i]);
  });
  for (const node of nodes) node.mutually_exclusive_children = node.children.length >= 2;
  const world = deriveWorld({
    config: parseConfig({ num_features: inputs.num_features, hidden_dim: inputs.hidden_dim }, 'fixture'),
    forest: { roots: nodes.filter((node, i) => inputs.parent[i] < 0 && node.children.length > 0) },
    featureVectors: floats(inputs.feature_vectors),
    bias: floats(inputs.bias),
    copula: {
      rank: inputs.rank,
      factor: floats(inputs.correlation_factor),
      diag: floats(inputs.correlation_diag),
    },
  });
  return {
    ...world,
    probabilities: floats(inputs.firing_prob),
    thresholds: floats(inputs.thresholds),
    means: floats(inputs.mean_magnitudes),
    stds: floats(inputs.std_magnitudes),
  };
}
