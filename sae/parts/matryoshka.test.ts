import { expect, it } from 'vitest';
import { areNested, prefixesOf } from './matryoshka.ts';

it('cuts the dictionary into prefixes by index or in an order, the whole dictionary last', () => {
  expect(prefixesOf([1, 3], 5)).toEqual({ widths: [1, 3, 5], bandOf: Uint8Array.of(0, 1, 1, 2, 2) });
  expect(prefixesOf([2, 5], 5).widths).toEqual([2, 5]);
  expect(prefixesOf([], 3)).toEqual({ widths: [3], bandOf: new Uint8Array(3) });
  expect(prefixesOf([1, 3], 5, Uint32Array.of(4, 0, 2, 1, 3)).bandOf).toEqual(Uint8Array.of(1, 2, 1, 2, 0));
});

it('refuses widths that are not nested', () => {
  const nest = (...matryoshka_widths: number[]) => areNested({ matryoshka_widths, d_sae: 128 });
  expect([nest(), nest(4, 16), nest(4, 128)]).toEqual([true, true, true]);
  const many = (levels: number) =>
    areNested({ matryoshka_widths: Array.from({ length: levels }, (_, i) => i + 1), d_sae: 1000 });
  // The whole dictionary is one more level.
  expect([many(255), many(256)]).toEqual([true, false]);
  expect([nest(16, 4), nest(4, 4), nest(4, 129)]).toEqual([false, false, false]);
});
