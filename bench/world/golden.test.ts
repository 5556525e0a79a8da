import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { disagreement, floats, type GoldenTensor, golden, numbers } from '../golden.ts';
import { buildWorld } from './build.ts';
import { correctedProbabilities, correctionFactors } from './compensation.ts';
import { configText, type HierarchyConfig, parseConfig, SYNTH_16K } from './config.ts';
import { normaliseRows, orthogonalise } from './dictionary.ts';
import { type ForestNode, forestText, generateForest, placements } from './forest.ts';
import { magnitudes } from './magnitudes.ts';
import { firingThreshold } from './normal.ts';
import { firingProbabilities } from './probabilities.ts';
import { loadWorld, saveWorld } from './store.ts';
import { TorchGenerator } from './torch-rng.ts';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const temporary = mkdtempSync(join(tmpdir(), 'world-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

interface Zipf {
  exponent: number;
  max_prob: number;
  min_prob: number;
}

describe('the 16k model against the reference', () => {
  const fixture = golden<{
    cases: (Zipf & { num_features: number; probs: GoldenTensor })[];
    bench16k: Record<string, GoldenTensor> & {
      indices: number[];
      level_start: number[];
      sum_base_prob: number;
      sum_corrected_clamped: number;
      sum_std: number;
      max_std: number;
    };
  }>('zipf_and_16k_constants.json');

  it('gives Zipfian base probabilities', () => {
    for (const { num_features, probs, exponent, max_prob, min_prob } of fixture.cases) {
      const ours = firingProbabilities(
        { exponent, max_prob, min_prob, generator_name: 'zipfian' },
        num_features,
        0,
      );
      expect(disagreement(ours, numbers(probs))).toBeLessThan(1);
    }
  });

  it('gives its per-feature constants', () => {
    const { bench16k } = fixture;
    const at = (values: ArrayLike<number>): number[] => bench16k.indices.map((i) => values[i]);
    const n = SYNTH_16K.num_features;
    const base = firingProbabilities(SYNTH_16K.firing_probability, n, 42);
    const forest = generateForest(SYNTH_16K.hierarchy!, n, new TorchGenerator(45));
    const factors = correctionFactors(forest, base);
    const corrected = correctedProbabilities(base, factors);
    expect(disagreement(at(base), numbers(bench16k.base_prob))).toBeLessThan(1);
    expect(disagreement(at(factors), numbers(bench16k.correction_factor))).toBeLessThan(1);
    expect(disagreement(at(corrected), numbers(bench16k.corrected_prob_clamped))).toBeLessThan(1);
    expect(disagreement(at(corrected.map(firingThreshold)), numbers(bench16k.threshold))).toBeLessThan(1);
    const means = magnitudes(SYNTH_16K.mean_firing_magnitudes, n, 0);
    expect(disagreement(at(means), numbers(bench16k.mean_magnitude))).toBeLessThan(1);
    const stds = magnitudes(SYNTH_16K.std_firing_magnitudes, n, 43);
    const expected = numbers(bench16k.std_magnitude);
    expect(at(stds).every((std, i) => Math.abs(std - expected[i]) < 2e-6)).toBe(true);
    expect(base.reduce((a, b) => a + b)).toBeCloseTo(bench16k.sum_base_prob, 3);
    expect(corrected.reduce((a, b) => a + b) / bench16k.sum_corrected_clamped).toBeCloseTo(1, 4);
    expect(stds.reduce((a, b) => a + b) / bench16k.sum_std).toBeCloseTo(1, 5);
    expect(stds.reduce((a, b) => Math.max(a, b))).toBeCloseTo(bench16k.max_std, 5);
  });

  it('writes the released config and hierarchy byte for byte', () => {
    expect(sha256(configText(SYNTH_16K))).toBe(
      'ec969226283f05b69fd3b2a8c1cd14b152a998d79a491d732ccd286d096908b5',
    );
    expect(sha256(forestText(generateForest(SYNTH_16K.hierarchy!, 16384, new TorchGenerator(45))))).toBe(
      '42b89b24a0496e046c9382e164ced0d59300156f96c49f779c4fba25974ca657',
    );
  });
});

describe('the torch generator', () => {
  const { cases } = golden<{ cases: Record<string, GoldenTensor>[] }>('torch_cpu_rng.json');
  const near = (a: Float32Array, b: GoldenTensor): boolean => {
    const expected = numbers(b);
    return a.length === expected.length && a.every((x, i) => Math.abs(x - expected[i]) < 2e-6);
  };
  it.each(cases.map((c) => [Number(c.seed), Number(c.n), c] as const))('seed %i, n %i', (seed, n, c) => {
    const randn = new TorchGenerator(seed).randn(n);
    expect(near(randn.subarray(0, c.randn_first.shape[0]), c.randn_first)).toBe(true);
    if (c.randn_last16) expect(near(randn.subarray(n - 16), c.randn_last16)).toBe(true);
    if (c.randn_stride_256)
      expect(
        near(
          randn.filter((_, i) => i % 256 === 0),
          c.randn_stride_256,
        ),
      ).toBe(true);
    expect(near(new TorchGenerator(seed).rand(8), c.rand_first8)).toBe(true);
  });
});

interface Tree {
  parent: number[];
  depth: number[];
  children_mutually_exclusive: number[];
  scale_children: number[];
  children: number[][];
  roots: number[];
}

describe('generated forests', () => {
  const { cases } = golden<{
    cases: {
      name: string;
      num_features: number;
      config: HierarchyConfig;
      zipf: Zipf;
      tree: Tree;
      features_used: number;
      [tensor: string]: unknown;
    }[];
  }>('hierarchy.json');
  it.each(cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const forest = generateForest(c.config, c.num_features, new TorchGenerator(0));
    const placed = placements(forest);
    expect(placed.length).toBe(c.features_used);
    expect(forest.roots.map((root) => root.feature_index)).toEqual(c.tree.roots);
    const indices = (nodes: ForestNode[]): (number | null)[] => nodes.map((node) => node.feature_index);
    for (const { node, parent, depth } of placed) {
      const i = node.feature_index!;
      expect(parent?.feature_index ?? -1).toBe(c.tree.parent[i]);
      expect(depth).toBe(c.tree.depth[i]);
      expect(indices(node.children)).toEqual(c.tree.children[i]);
      expect(Number(node.mutually_exclusive_children)).toBe(c.tree.children_mutually_exclusive[i]);
      expect(Number(node.scale_children_by_parent)).toBe(c.tree.scale_children[i]);
    }
    const base = firingProbabilities({ ...c.zipf, generator_name: 'zipfian' }, c.num_features, 0);
    expect(disagreement(base, numbers(c.base_prob as GoldenTensor))).toBeLessThan(1);
    const factors = correctionFactors(forest, base);
    expect(disagreement(factors, numbers(c.correction_factor as GoldenTensor))).toBeLessThan(1);
    const corrected = correctedProbabilities(base, factors);
    expect(disagreement(corrected, numbers(c.corrected_prob_clamped as GoldenTensor))).toBeLessThan(1);
    expect(disagreement(corrected.map(firingThreshold), numbers(c.threshold as GoldenTensor))).toBeLessThan(
      1,
    );
  });
});

describe('orthogonalisation', () => {
  const { cases } = golden<{
    cases: {
      dim: number;
      num_steps: number;
      lr: number;
      embeddings_in: GoldenTensor;
      embeddings_out: GoldenTensor;
    }[];
  }>('orthogonalise.json');
  it.each(cases.map((c) => [c.num_steps, c] as const))('%i steps', (_, c) => {
    const rows = floats(c.embeddings_in);
    orthogonalise(rows, c.dim, c);
    const expected = floats(c.embeddings_out);
    normaliseRows(expected, c.dim);
    expect(disagreement(rows, expected)).toBeLessThan(1);
  });
});

describe('a model directory', () => {
  const fixture = golden<{ files: Record<string, string>; loaded: Record<string, GoldenTensor> }>(
    'tiny_model_dir.json',
  );
  const dir = join(temporary, 'tiny');
  mkdirSync(dir);
  for (const [name, content] of Object.entries(fixture.files)) {
    writeFileSync(join(dir, name), Buffer.from(content, 'base64'));
  }

  it('loads as the reference loads it', () => {
    const world = loadWorld(dir);
    const { loaded } = fixture;
    expect(disagreement(world.featureVectors, numbers(loaded.feature_vectors))).toBeLessThan(1);
    expect(disagreement(world.bias, numbers(loaded.bias))).toBeLessThan(1);
    expect(disagreement(world.probabilities, numbers(loaded.firing_probabilities))).toBeLessThan(1);
    expect(disagreement(world.thresholds, numbers(loaded.thresholds))).toBeLessThan(1);
    expect(disagreement(world.copula!.factor, numbers(loaded.correlation_factor))).toBeLessThan(1);
    expect(
      disagreement(world.copula!.diag.map(Math.sqrt), numbers(loaded.correlation_diag_sqrt)),
    ).toBeLessThan(1);
    expect(disagreement(world.means, numbers(loaded.mean_magnitudes))).toBeLessThan(1);
    expect(disagreement(world.stds, numbers(loaded.std_magnitudes))).toBeLessThan(1);
  });

  it('is written as the reference writes it', () => {
    const copy = join(temporary, 'copy');
    saveWorld(copy, loadWorld(dir));
    for (const name of ['synthetic_model_config.json', 'hierarchy.json']) {
      expect(readFileSync(join(copy, name), 'utf8')).toBe(readFileSync(join(dir, name), 'utf8'));
    }
    expect(loadWorld(copy).hash).toBe(loadWorld(dir).hash);
  });

  it('of a built world round-trips', async () => {
    const world = await buildWorld(
      parseConfig({ num_features: 40, hidden_dim: 8, hierarchy: { total_root_nodes: 3 }, seed: 7 }, 'test'),
    );
    saveWorld(join(temporary, 'built'), world);
    expect(loadWorld(join(temporary, 'built')).hash).toBe(world.hash);
    expect(world.copula).toBeNull();
  });
});
