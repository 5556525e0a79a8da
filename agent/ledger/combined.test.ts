import { expect, it } from 'vitest';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { gainsInWords, gainsOver, sumOf } from './combined.ts';

const pair = { base: 'base', best: 'best', left: 'left' };
const sprint = (id: string, number: number, f1: number) =>
  exampleSprint({ id, number, verdict: exampleVerdict({ metrics: { f1 } }) });
const board = [sprint('base', 1, 0.5), sprint('best', 2, 0.6), sprint('left', 3, 0.58)];
const both = (f1: number) => gainsOver(pair, exampleVerdict({ metrics: { f1 } }), board, 0.01);

it('measures each gain and both over the best that they began with', () => {
  const gains = both(0.68);
  expect(gains?.best).toBeCloseTo(0.1);
  expect(gains?.left).toBeCloseTo(0.08);
  expect(gains?.both).toBeCloseTo(0.18);
  const down = board.map((each) => ({ ...each, goal: 'min' as const }));
  expect(gainsOver(pair, exampleVerdict({ metrics: { f1: 0.4 } }), down, 0.01)?.both).toBeCloseTo(0.1);
});

it('measures nothing where a verdict or a record is missing', () => {
  expect(gainsOver(pair, null, board, 0.01)).toBeUndefined();
  expect(gainsOver(pair, exampleVerdict({ metrics: {} }), board, 0.01)).toBeUndefined();
  expect(gainsOver(pair, exampleVerdict(), board.slice(1), 0.01)).toBeUndefined();
});

it.each([
  [0.18, 'they add up, within the noise'],
  // Beyond the noise of one gain, and within that of the sum.
  [0.167, 'they add up, within the noise'],
  [0.2, 'together they give more than their sum'],
  [0.14, 'they add up in part'],
  [0.1, 'they do not add up'],
])('tells of a gain of %f by both: %s', (gain, words) => {
  expect(sumOf({ best: 0.1, left: 0.08, both: gain, noise: 0.01 }).words).toBe(words);
});

it('says it in a line, with the noise', () => {
  const gains = both(0.68);
  expect(gains && gainsInWords(pair, gains, board)).toBe(
    'gains over sprint 1: +0.1 by sprint 2, +0.08 by sprint 3, +0.18 by both (noise 0.01); both give +0 against the sum (noise 0.014): they add up, within the noise',
  );
});
