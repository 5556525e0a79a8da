import { expect, it } from 'vitest';
import { middleOf } from './comparison.ts';
import { comparisonOf, made } from './fixtures/made.ts';

it('compares orders at the middle value, and gains in both worlds on the same seeds', () => {
  const { orders, lines, parts } = comparisonOf(made());
  expect(orders.probe?.recipes).toBe(5);
  expect(orders.probe?.interval?.[0]).toBeGreaterThan(0.8);
  expect(orders.fit?.value).toBeCloseTo(-1, 12);
  expect(lines.map(({ recipe, over }) => [recipe, over])).toEqual([
    ['nested', 'plain'],
    ['full', 'plain'],
  ]);
  expect(lines[0]?.own).toMatchObject({ value: expect.closeTo(0.2, 9), shown: true });
  expect(lines[0]?.other.fit).toMatchObject({ value: expect.closeTo(-0.04, 9), shown: true });
  expect(parts.map(({ recipe, over }) => [recipe, over])).toEqual([
    ['full', 'full_no_a'],
    ['full', 'full_no_b'],
  ]);
  expect(parts[0]?.own?.shown).toBe(true);
  expect(parts[0]?.other.probe?.shown).toBe(false);
});

it('ranks the recipes that have every seed in both worlds', () => {
  const all = made();
  const without = all.filter(({ wanted }) => wanted.recipe.name !== 'nested' || wanted.seed !== 2);
  expect(comparisonOf(without).orders.probe?.recipes).toBe(4);
  const failed = all.map((each) =>
    each.wanted.recipe.name === 'nested' ? { ...each, run: { ...each.run, status: 'diverged' } } : each,
  );
  expect(comparisonOf(failed).orders.probe?.recipes).toBe(4);
  expect(comparisonOf(failed).lines[0]?.own).toBeNull();
  expect(comparisonOf(all.slice(0, 3)).orders.probe).toBeNull();
});

it('has a spread over seeds, and none for one', () => {
  expect(middleOf(new Map([[0, 1]]))).toEqual({ mean: 1, spread: null, seeds: 1 });
  const two = middleOf(
    new Map([
      [0, 1],
      [1, 3],
    ]),
  );
  expect(two).toEqual({ mean: 2, spread: Math.SQRT2, seeds: 2 });
  expect(middleOf(new Map())).toBeNull();
});
