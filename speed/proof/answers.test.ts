import { expect, it } from 'vitest';
import { fasterDrawn } from './answers.ts';
import { type Part, RECIPES, type Recipe, step } from './parts.ts';

type How = Parameters<typeof step>[4];

/** A step of that many milliseconds. */
const done = (ms: number, how: How = {}, recipe: Recipe = RECIPES[0]) => ({
  ...(step('cuda', recipe, 'full', 500, how) as Part),
  seconds: 1,
  outcome: { answer: { batch: 1024, ms: { step: ms } } },
});
const drawn = 'processor' as const;

it.each([
  ['the processor, where its samples let steps be faster', [done(2.6), done(1.7, { drawn })], 'processor'],
  ['the card, where that is as fast', [done(1.7), done(1.7, { drawn })], undefined],
  ['the card, where nothing else was measured', [done(2.6), done(1.6, { resident: true })], undefined],
  ['the card, whatever other recipes do', [done(2.6), done(0.5, { drawn }, RECIPES[1])], undefined],
  [
    'the card, whatever TF32 does',
    [done(2.6), done(2.7, { drawn }), done(0.5, { drawn, encode: 'tf32' })],
    undefined,
  ],
])('samples are drawn by %s', (_, parts, by) => {
  expect(fasterDrawn(parts)).toBe(by);
});
