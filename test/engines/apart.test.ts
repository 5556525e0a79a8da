import { expect, it } from 'vitest';
import { compare, isEqual } from './apart.ts';

/** Quartets of F1 at 0.6 plus these deviations in thousandths; the engine's runs are `bias` higher. */
const quartets = (bias: number, deviations: number[][]) =>
  deviations.map((deviation) => {
    const [a, b, c, d] = deviation.map((value) => 0.6 + value / 1000);
    return { embedded: a + bias, embeddedNudged: b + bias, dense: c, denseNudged: d };
  });
const scattered = [
  [3, -2, 1, -4],
  [-5, 1, 2, 2],
  [4, 0, -3, 5],
  [-1, 2, 3, -2],
];

it('tells what rounding does from what an engine does', () => {
  const found = compare(quartets(0, scattered));
  expect(found.seeds).toBe(4);
  // Of (3 - 2 - 1 + 4) / 2, and so on: 2, -4, 1, 0, in thousandths.
  expect(found.difference).toBeCloseTo(-0.00025, 10);
  expect(found.standardError).toBeCloseTo(
    Math.sqrt((2.25 ** 2 + 3.75 ** 2 + 1.25 ** 2 + 0.25 ** 2) / 12) / 1000,
    10,
  );
  expect(found.apartByRounding).toBeCloseTo(
    Math.sqrt((5 ** 2 + 5 ** 2 + 6 ** 2 + 0 + 4 ** 2 + 8 ** 2 + 3 ** 2 + 5 ** 2) / 8) / 1000,
    10,
  );
  expect(found.apartByEngine).toBeCloseTo(
    Math.sqrt((2 ** 2 + 2 ** 2 + 7 ** 2 + 1 + 7 ** 2 + 5 ** 2 + 4 ** 2 + 4 ** 2) / 8) / 1000,
    10,
  );
  expect(isEqual(found)).toBe(true);
});

it('sees an engine that is better or worse by more than chance, or that scatters more', () => {
  expect(isEqual(compare(quartets(0.02, scattered)))).toBe(false);
  expect(isEqual(compare(quartets(-0.02, scattered)))).toBe(false);
  const wild = [
    [30, 30, 0, 0],
    [-30, -30, 1, 0],
    [31, 30, 0, 0],
    [-31, -30, 0, 1],
  ];
  expect(isEqual(compare(quartets(0, wild)))).toBe(false);
});

it('has nothing against runs that never part', () => {
  expect(
    isEqual(
      compare(
        quartets(0, [
          [1, 1, 1, 1],
          [2, 2, 2, 2],
        ]),
      ),
    ),
  ).toBe(true);
});
