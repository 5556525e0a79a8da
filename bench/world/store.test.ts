import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '#contract/errors';
import { readSafetensors, writeSafetensors } from '#contract/safetensors';
import { buildWorld } from './build.ts';
import { parseConfig, SYNTH_16K } from './config.ts';
import { parseForest } from './forest.ts';
import { loadWorld, saveWorld } from './store.ts';

const root = mkdtempSync(join(tmpdir(), 'store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const good = join(root, 'good');
saveWorld(
  good,
  await buildWorld(
    parseConfig(
      {
        num_features: 12,
        hidden_dim: 4,
        hierarchy: { total_root_nodes: 2, branching_factor: 2 },
        correlation: { rank: 2 },
        seed: 1,
      },
      'test',
    ),
  ),
);

/** A copy of the good folder with one file changed. */
function spoiled(file: string, change: (text: string) => string): string {
  const dir = mkdtempSync(join(root, 'bad-'));
  cpSync(good, dir, { recursive: true });
  writeFileSync(join(dir, file), change(readFileSync(join(dir, file), 'utf8')));
  return dir;
}

function respelled(change: (tensors: ReturnType<typeof readSafetensors>['tensors']) => void): string {
  const dir = mkdtempSync(join(root, 'bad-'));
  cpSync(good, dir, { recursive: true });
  const path = join(dir, 'synthetic_model.safetensors');
  const file = readSafetensors(path);
  change(file.tensors);
  writeSafetensors(path, file);
  return dir;
}

describe('a model directory that is not whole is refused, with file and field', () => {
  it.each([
    ['no config', () => join(root, 'nowhere'), /nowhere.synthetic_model_config\.json: cannot be read/],
    [
      'no JSON',
      () => spoiled('synthetic_model_config.json', () => '{\n  "seed": x\n}'),
      /config\.json: is not JSON: .+$/,
    ],
    [
      'weights of another size',
      () =>
        spoiled('synthetic_model_config.json', (text) => text.replace('"hidden_dim": 4', '"hidden_dim": 5')),
      /"feature_vectors" has shape \[12, 4\], \[12, 5\] expected|"bias" has shape/,
    ],
    [
      'a truncated file',
      () => {
        const dir = spoiled('hierarchy.json', (text) => text);
        const path = join(dir, 'synthetic_model.safetensors');
        writeFileSync(path, readFileSync(path).subarray(0, -4));
        return dir;
      },
      /synthetic_model\.safetensors: not a readable safetensors file/,
    ],
    ['a missing tensor', () => respelled((t) => t.delete('bias')), /tensor "bias" is missing/],
    [
      'a weight that is no number',
      () =>
        respelled((t) => {
          t.get('feature_vectors')!.data[3] = Number.NaN;
        }),
      /"feature_vectors" has values that are not finite/,
    ],
    [
      'a weight that overflows',
      () =>
        respelled((t) => {
          t.get('feature_vectors')!.data[3] = 1e38;
        }),
      /synthetic_model\.safetensors: tensor "feature_vectors" has 9\.99.*e\+37; numbers up to 1e\+30/,
    ],
    [
      'means that overflow',
      () =>
        spoiled('synthetic_model_config.json', (text) =>
          text.replace('"mean_firing_magnitudes": 1.0', '"mean_firing_magnitudes": 1e39'),
        ),
      /synthetic_model_config\.json: mean_firing_magnitudes: gives Infinity/,
    ],
    [
      'a correlation of another rank',
      () => respelled((t) => t.set('correlation_factor', { shape: [12, 3], data: new Float32Array(36) })),
      /"correlation_factor" has shape \[12, 3\], \[12, 2\] expected from the config/,
    ],
    [
      'rates of other features',
      () => respelled((t) => t.set('firing_probabilities', { shape: [11], data: new Float32Array(11) })),
      /"firing_probabilities" has shape \[11\], \[12\] expected/,
    ],
    [
      'a variance of nothing',
      () =>
        respelled((t) => {
          t.get('correlation_diag')!.data[0] = 0;
        }),
      /correlation_diag must be positive/,
    ],
    [
      'a feature in two places',
      () => spoiled('hierarchy.json', (text) => text.replace('"feature_index": 3', '"feature_index": 2')),
      /hierarchy\.json: feature_index 2 stands in two nodes/,
    ],
    [
      'a feature that is not there',
      () => spoiled('hierarchy.json', (text) => text.replace('"feature_index": 3', '"feature_index": 12')),
      /feature_index 12 in a world of 12 features/,
    ],
    [
      'a node without flags',
      () => spoiled('hierarchy.json', () => '{"roots": [{"feature_index": 0}]}'),
      /hierarchy\.json: roots\.0\.mutually_exclusive_children/,
    ],
    ['an empty hierarchy', () => spoiled('hierarchy.json', () => '{"roots": []}'), /roots: is empty, and/],
    [
      'no hierarchy where the config has one',
      () => {
        const dir = spoiled('hierarchy.json', (text) => text);
        rmSync(join(dir, 'hierarchy.json'));
        return dir;
      },
      /hierarchy\.json: is missing, and synthetic_model_config\.json has "hierarchy"/,
    ],
    [
      'no correlation where the config has one',
      () =>
        respelled((t) => {
          t.delete('correlation_factor');
          t.delete('correlation_diag');
        }),
      /"correlation_factor" is missing, and synthetic_model_config\.json has "correlation"/,
    ],
    [
      'a misspelt field of a node',
      () => spoiled('hierarchy.json', (text) => text.replace('"children"', '"childs"')),
      /hierarchy\.json: roots\.0.*"childs"/,
    ],
    [
      'a tower of nodes',
      () => {
        const node = '{"feature_index":null,"mutually_exclusive_children":false,"children":[';
        return spoiled('hierarchy.json', () => `{"roots":[${node.repeat(9000)}${']}'.repeat(9000)}]}`);
      },
      /hierarchy\.json: children: a cycle, or more than 256 levels/,
    ],
  ])('%s', (_, dir, message) => {
    const folder = dir();
    expect(() => loadWorld(folder)).toThrow(message);
    expect(() => loadWorld(folder)).not.toThrow('\n');
  });
});

it('children cannot scale with a parent of magnitude 0', async () => {
  const config = {
    num_features: 5,
    hidden_dim: 2,
    hierarchy: { total_root_nodes: 1, branching_factor: 2, scale_children_by_parent: true },
    mean_firing_magnitudes: 0,
  };
  await expect(buildWorld(parseConfig(config, 'test'))).rejects.toThrow(
    /^mean_firing_magnitudes: above 0 expected for feature 0/,
  );
});

it.each([
  ['firing_probability', { firing_probability: { exponent: 1e-18, generator_name: 'zipfian' } }],
  ['mean_firing_magnitudes', { mean_firing_magnitudes: 1e39 }],
  ['std_firing_magnitudes', { std_firing_magnitudes: 1e39 }],
  ['bias', { bias: 1e300 }],
  ['orthogonalization', { orthogonalization: { lr: 1e300 } }],
  ['correlation', { correlation: { correlation_scale: 1e300 } }],
])('a %s that gives what is no number is refused before anything is saved', async (field, change) => {
  const config = parseConfig({ num_features: 5, hidden_dim: 2, seed: 1, ...change }, 'test');
  await expect(buildWorld(config)).rejects.toThrow(new RegExp(`^${field}: gives .*; numbers up to 1e\\+30`));
});

it('a missing or foreign field of one of several shapes is named', () => {
  const of = (mean_firing_magnitudes: unknown) =>
    parseConfig({ num_features: 5, hidden_dim: 2, mean_firing_magnitudes }, 'test');
  expect(() => of({ generator_name: 'linear', start: 1 })).toThrow(/^test: mean_firing_magnitudes\.end: /);
  expect(() => of({ generator_name: 'constant', valeu: 1 })).toThrow(/magnitudes\.valeu: is not a field/);
  expect(() => of({ generator_name: 'linnear' })).toThrow(/must be a number or have a generator_name/);
});

it('a forest that contains itself is refused', () => {
  const node: { children: unknown[] } & Record<string, unknown> = {
    feature_index: null,
    mutually_exclusive_children: false,
    children: [],
  };
  node.children.push(node, node);
  expect(() => parseForest({ roots: [node] }, 4, 'mine.json')).toThrow(/^mine\.json: children: a cycle/);
});

describe('a config', () => {
  it.each([
    [{ std_firing_magnitudes: 'big' }, /std_firing_magnitudes: must be a number or have a generator_name/],
    [{ mean_firing_magnitudes: { generator_name: 'none' } }, /mean_firing_magnitudes.*: .*generator_name/],
    [
      { std_firing_magnitudes: { min_value: 3, max_value: 1, generator_name: 'folded_normal' } },
      /std_firing_magnitudes\.min_value: must not be above max_value/,
    ],
    [{ bias: 'x' }, /bias: must be true, false or a number/],
    [{ hierarchy: { branching_factor: 'x' } }, /hierarchy\.branching_factor: must be a whole number/],
  ])('says what was expected instead of %j', (field, message) => {
    expect(() => parseConfig({ num_features: 4, hidden_dim: 2, ...field }, 'mine.json')).toThrow(message);
  });

  /** Each field of the config in turn, what is wrong with it, and what the one line says was expected. */
  it.each([
    ['num_features', 'x', 'expected number'],
    ['num_features', 1.5, 'expected int'],
    ['num_features', 2e6, '<=1048576'],
    ['num_features', 1e6, 'num_features times hidden_dim must not be above 536870912', 'hidden_dim'],
    ['hidden_dim', 0, '>=1'],
    ['hidden_dim', 16_385, '<=16384'],
    ['firing_probability', 3, 'expected object'],
    ['firing_probability.generator_name', 'zipf', "'zipfian' | 'linear' | 'random' | 'constant'"],
    ['firing_probability.exponent', 0, '>0'],
    ['firing_probability.max_prob', 1.5, '<=1'],
    ['firing_probability.min_prob', 0.5, 'must be below max_prob'],
    ['hierarchy', 5, 'expected object'],
    ['hierarchy.total_root_nodes', 0, '>=1'],
    ['hierarchy.branching_factor', [3, 2], 'must be [min, max] with min <= max'],
    ['hierarchy.max_depth', 0, '>=1'],
    ['hierarchy.mutually_exclusive_portion', 1.1, '<=1'],
    ['hierarchy.mutually_exclusive_min_depth', -1, '>=0'],
    ['hierarchy.mutually_exclusive_max_depth', 'deep', 'expected number'],
    ['hierarchy.compensate_probabilities', 1, 'expected boolean'],
    ['hierarchy.scale_children_by_parent', 'no', 'expected boolean'],
    ['hierarchy.colour', 'blue', 'is not a field of a world config'],
    ['orthogonalization.num_steps', -1, '>=0'],
    ['orthogonalization.lr', 0, '>0'],
    ['orthogonalization.chunk_size', 0, '>=1'],
    ['correlation.rank', 0, '>=1'],
    ['correlation.rank', 1025, '<=1024'],
    ['correlation.correlation_scale', -1, '>=0'],
    ['correlation.seed', -1, '>=0'],
    ['std_firing_magnitudes.std', 0, '>0'],
    ['mean_firing_magnitudes.start', 0, '>0'],
    ['bias', -1, '>=0'],
    ['dtype', 'bfloat16', 'expected "float32"'],
    ['seed', 1.5, 'expected int'],
  ])('names %s where it is %j', (path, value, expected, named = path) => {
    const wrong = structuredClone(SYNTH_16K) as Record<string, unknown>;
    const keys = path.split('.');
    const last = keys.pop() as string;
    let at = wrong;
    for (const key of keys) at = at[key] as Record<string, unknown>;
    at[last] = value;
    let message = '';
    try {
      parseConfig(wrong, 'mine.json');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      message = (error as Error).message;
    }
    expect(message).toContain(`mine.json: ${named}: `);
    expect(message).toContain(expected);
    expect(message).not.toContain('\n');
  });

  it('names every wrong field', () => {
    const wrong = {
      ...SYNTH_16K,
      num_features: 0,
      hierarchy: { ...SYNTH_16K.hierarchy, branching_factor: 1, mutually_exclusive_portion: 2 },
      firing_probability: { ...SYNTH_16K.firing_probability, min_prob: 0.5 },
      colour: 'blue',
    };
    let message = '';
    try {
      parseConfig(wrong, 'world.json');
    } catch (error) {
      message = (error as Error).message;
    }
    for (const field of [
      'num_features',
      'hierarchy.branching_factor',
      'hierarchy.mutually_exclusive_portion',
      'firing_probability.min_prob',
      'colour',
    ]) {
      expect(message).toContain(`${field}: `);
    }
    expect(message).toMatch(/^world\.json: /);
    expect(message).not.toContain('\n');
  });

  it('has the reference’s defaults', () => {
    expect(parseConfig({ num_features: 2, hidden_dim: 1 }, 'test')).toEqual({
      num_features: 2,
      hidden_dim: 1,
      firing_probability: { exponent: 1, max_prob: 0.3, min_prob: 0.01, generator_name: 'zipfian' },
      hierarchy: null,
      orthogonalization: null,
      correlation: null,
      std_firing_magnitudes: 0,
      mean_firing_magnitudes: 1,
      bias: 1,
      dtype: 'float32',
      seed: null,
    });
  });
});
