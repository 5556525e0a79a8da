import { expect, it } from 'vitest';
import { drawingThreads } from './drawing-threads.ts';

it.each([
  [1, 0],
  [2, 0],
  [3, 1],
  [16, 14],
  [34, 32],
  [192, 32],
])('on %i cores, %i threads draw ahead', (cores, threads) => {
  expect(drawingThreads(cores)).toBe(threads);
});
