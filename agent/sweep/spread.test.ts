import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NoiseDraft, noiseOf, readNoise } from '#contract/noise';
import { readTask } from '#contract/task';
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

describe('the noise files of TASK.md', () => {
  const path = fileURLToPath(new URL('../../TASK.md', import.meta.url));
  const task = readTask(path);
  const profiles = Object.entries(task.contract.profiles);

  it.each(profiles)('%s: has a noise at each budget', (name) => {
    const { screen, rank, full } = noiseOf(task, name);
    expect(full).toBeGreaterThan(0);
    expect(Math.min(screen, rank)).toBeGreaterThan(0);
  });

  it.each(profiles)('%s: its deviations are those of the values in it', (_, { noise }) => {
    if (typeof noise === 'number') return;
    const file = readNoise(join(dirname(path), noise), NoiseDraft, '');
    for (const level of Object.values(file.budgets))
      for (const { values, ...spread } of Object.values(level.metrics)) {
        if (!values) continue;
        expect(values).toHaveLength(level.n);
        const again = spreadOf(values);
        expect(again.mean).toBeCloseTo(spread.mean, 5);
        expect(again.run).toBeCloseTo(spread.run, 5);
        expect(again.difference).toBeCloseTo(spread.difference, 5);
      }
  });
});
