import { describe, expect, it } from 'vitest';
import { recipesOf, runsOf, valuesOf } from './plan.ts';

const known = [
  ...['plain', 'nested', 'full', 'full_no_a', 'full_no_b', 'other'].map((name) => ({
    name,
    description: '',
  })),
  { name: 'parts', description: '', members: ['full', 'full_no_a', 'full_no_b'] },
];
const transfer = { lines: ['plain', 'nested', 'full'], parts: { of: 'full', without: ['parts'] } };
const best = { experiment: 'candidate', settings: { k: '3', width: '64', eta: '0.2' }, tree: 'night' };
const from = { transfer, known, tree: 'here', best: null, sized: ['k', 'width'] };

describe('recipes', () => {
  it('are the lines, and the parts once', () => {
    const { recipes, lacking } = recipesOf(from);
    expect(recipes.map(({ name, role, tree }) => [name, role, tree])).toEqual([
      ...['plain', 'nested', 'full'].map((name) => [name, 'line', 'here']),
      ...['full_no_a', 'full_no_b'].map((name) => [name, 'part', 'here']),
    ]);
    expect(lacking).toEqual([]);
  });

  it('begin with the best, from its own tree, and without the sizes of its world on other data', () => {
    const [first] = recipesOf({ ...from, best }).recipes;
    expect(first).toEqual({
      ...{ name: 'best: candidate', experiment: 'candidate', role: 'line', tree: 'night' },
      settings: { own: best.settings, other: { eta: '0.2' } },
    });
  });

  it('leave out what the workspace lacks, and say so; without the first line there is nothing', () => {
    const few = known.filter(({ name }) => name !== 'nested' && name !== 'parts');
    const { recipes, lacking } = recipesOf({ ...from, known: few });
    expect(recipes.map(({ name }) => name)).toEqual(['plain', 'full']);
    expect(lacking).toEqual(['nested', 'parts']);
    expect(() => recipesOf({ ...from, known: few.slice(1) })).toThrow('the workspace has no plain');
  });
});

describe('runs', () => {
  const { recipes } = recipesOf({ ...from, best });
  const along = { setting: 'k', values: valuesOf(16, [0.5, 1, 2]), middle: 16 };
  const runs = runsOf({ recipes, along, seeds: [0, 1, 2] });

  it('are all recipes in both worlds, and lines at each value', () => {
    // Six recipes in two worlds, and four lines at two more values, on three seeds.
    expect(runs).toHaveLength(3 * (6 * 2 + 4 * 2));
    expect(runs.filter(({ where }) => where === 'own')).toHaveLength(18);
    expect(new Set(runs.map(({ at }) => at))).toEqual(new Set([null, 16, 8, 32]));
    const parts = runs.filter(({ recipe, where }) => recipe.role === 'part' && where === 'other');
    expect(new Set(parts.map(({ at }) => at))).toEqual(new Set([16]));
  });

  it('set nothing at the middle value, so that runs of a plain sweep are used again', () => {
    const [middle] = runs.filter(({ recipe, at }) => recipe.name === 'plain' && at === 16);
    expect(middle).toMatchObject({ settings: {}, label: 'plain', seed: 0 });
    const [low] = runs.filter(({ recipe, at }) => recipe.name === 'best: candidate' && at === 8);
    expect(low).toMatchObject({ settings: { eta: '0.2', k: '8' }, label: 'best: candidate k=8' });
  });

  it('begin with a whole comparison on the first seed', () => {
    const first = runs.slice(0, 12);
    expect(new Set(first.map(({ seed }) => seed))).toEqual(new Set([0]));
    expect(first.filter(({ where }) => where === 'own')).toHaveLength(6);
    expect(new Set(first.map(({ at }) => at))).toEqual(new Set([16, null]));
  });
});
