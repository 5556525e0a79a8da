import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWorld } from '#bench/world/build';
import { configText, parseConfig, type WorldConfig } from '#bench/world/config';
import { CONFIG_FILE, FOREST_FILE, loadWorld, saveWorld, WEIGHTS_FILE } from '#bench/world/store';
import type { World } from '#bench/world/world';
import { worldConfig } from '#bench/worlds';
import { readSafetensors } from '#contract/safetensors';
import { ask, isHere, why } from './ask.ts';
import { apart, drawn, type Statistics } from './statistics.ts';

const small = worldConfig('small');
/** The small world from another seed; and one whose children scale with their parents, of uneven trees. */
const WORLDS: [name: string, config: WorldConfig][] = [
  ['small', { ...small, seed: 5 }],
  [
    'scaled',
    parseConfig(
      {
        ...small,
        ...{ num_features: 300, hidden_dim: 40, seed: 6, bias: true, orthogonalization: null },
        hierarchy: {
          ...small.hierarchy,
          ...{ branching_factor: [2, 5], mutually_exclusive_portion: 0.5, scale_children_by_parent: true },
        },
        std_firing_magnitudes: 0.4,
      },
      'scaled',
    ),
  ],
];
const SAMPLES = 100_000;

const root = mkdtempSync(join(tmpdir(), 'sae-lens-worlds-'));
afterAll(() => rmSync(root, { recursive: true }));
const within = (...path: string[]) => join(root, ...path);

/**
 * Everything that the two folders store, to the bit; but firing probabilities follow from the rest, and each
 * computes and rounds them anew.
 */
function expectSame(folder: string, other: string): void {
  for (const file of [CONFIG_FILE, FOREST_FILE])
    expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(join(other, file), 'utf8'));
  const [ours, theirs] = [folder, other].map((dir) => readSafetensors(join(dir, WEIGHTS_FILE)).tensors);
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  expect(ours.size).toBe(5);
  for (const [name, { shape, data }] of ours) {
    expect(shape, name).toEqual(theirs.get(name)?.shape);
    const other = theirs.get(name)?.data ?? new Float32Array();
    const most = name === 'firing_probabilities' ? 1e-6 : 0;
    const far = data.filter((value, i) => !(Math.abs(value - other[i]) <= most));
    expect([...far], name).toEqual([]);
  }
  expect(loadWorld(folder).hash).toBe(loadWorld(other).hash);
}

/** What the two samplers of one world derive from its files, and what they draw. */
function expectSameSampling(world: World, file: string): void {
  const { tensors } = readSafetensors(file);
  const of = (name: string) => tensors.get(name)?.data ?? new Float32Array();
  for (const name of ['means', 'stds', 'probabilities', 'thresholds'] as const) {
    // A feature that always fires has a threshold of -Infinity.
    const off = Array.from(of(name), (value, i) => (value === world[name][i] ? 0 : value - world[name][i]));
    expect(off).toHaveLength(world.numFeatures);
    // In float32 little is left of a threshold whose probability is all but 1.
    expect(Math.max(...off.map(Math.abs)), name).toBeLessThan(name === 'thresholds' ? 2e-4 : 1e-5);
  }
  const theirs: Statistics = {
    fired: of('fired'),
    values: of('values'),
    l0: of('l0'),
    squares: of('squares'),
  };
  const found = apart(drawn(world, SAMPLES), theirs, world);
  const said = JSON.stringify(found);
  expect(found.features, said).toBeGreaterThan(world.numFeatures / 4);
  // Features of one sample are not independent, so the mean square scatters more than a chi-square.
  expect(found.rates, said).toBeLessThan(1.25);
  expect(found.largestRate, said).toBeLessThan(5.5);
  // Where children scale with their parents, a magnitude has another spread than its own.
  if (!world.config.hierarchy?.scale_children_by_parent) expect(found.magnitudes, said).toBeLessThan(1.25);
  expect(found.l0, said).toBeLessThan(4.5);
  expect(found.squares, said).toBeLessThan(4.5);
}

describe.skipIf(!isHere)(`worlds in SAELens${why}`, () => {
  beforeAll(async () => {
    for (const [name, config] of WORLDS) {
      mkdirSync(within(name));
      writeFileSync(within(name, 'config.json'), configText(config));
      saveWorld(within(name, 'ours'), await buildWorld(config));
    }
    const all = (jobs: (name: string) => (string | number)[][]) =>
      ask('worlds.py', ...WORLDS.flatMap(([name]) => jobs(name).map((job) => JSON.stringify(job))));
    all((name) => [
      ['make', within(name, 'config.json'), within(name, 'made')],
      ['draw', within(name, 'made'), SAMPLES, within(name, 'made.safetensors')],
      ['again', within(name, 'ours'), within(name, 'ours-again')],
      ['draw', within(name, 'ours'), SAMPLES, within(name, 'ours.safetensors')],
    ]);
    for (const [name] of WORLDS) saveWorld(within(name, 'made-ours'), loadWorld(within(name, 'made')));
    all((name) => [['again', within(name, 'made-ours'), within(name, 'made-again')]]);
  }, 400_000);

  const names = WORLDS.map(([name]) => name);
  it.each(names)('%s, saved there, is loaded and saved here, and comes back', (name) => {
    expectSame(within(name, 'made-ours'), within(name, 'made'));
    expectSame(within(name, 'made-again'), within(name, 'made'));
  });
  it.each(names)('%s, saved here, is loaded and saved there, and comes back', (name) => {
    expectSame(within(name, 'ours-again'), within(name, 'ours'));
  });
  it.each(names)('%s gives the same samples in distribution', (name) => {
    expectSameSampling(loadWorld(within(name, 'made')), within(name, 'made.safetensors'));
    expectSameSampling(loadWorld(within(name, 'ours')), within(name, 'ours.safetensors'));
  });
});
