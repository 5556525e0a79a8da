import { describe, expect, it } from 'vitest';
import { spreadOf } from './spread.ts';

describe('the spread over seeds', () => {
  it('of one recipe: the sample standard deviation, and the difference of two runs without pairs', () => {
    // Deviations from 0.8: -0.1, 0, 0.1; squares 0.02 over 2.
    expect(spreadOf([[0.7], [0.8], [0.9]])).toEqual({
      mean: 0.8,
      run: 0.1,
      difference: 0.141421,
      values: [[0.7], [0.8], [0.9]],
    });
  });

  it('of two recipes: pooled for a run, seed by seed for the difference', () => {
    const { mean, run, difference } = spreadOf([
      [0.7, 0.4],
      [0.8, 0.6],
      [0.9, 0.8],
    ]);
    expect(mean).toBe(0.8);
    // Variances 0.01 and 0.04.
    expect(run).toBe(0.158114);
    // Differences 0.3, 0.2, 0.1: what the seeds have in common is not in it.
    expect(difference).toBe(0.1);
  });
});
