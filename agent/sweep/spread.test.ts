import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { budgetOf, NoiseDraft, noiseOf, readNoise } from '#contract/noise';
import { profileOf, readTask } from '#contract/task';
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

  it.each(profiles)(
    '%s: docs/statistics.md has its deviation of a pair, and the degrees of freedom',
    (name) => {
      const { confirm, budgets } = profileOf(task, name);
      const samples = (confirm !== false && confirm.samples) || budgets.full;
      const { deviation, df } = noiseOf(task, name).unlike[budgetOf(budgets, samples)];
      const page = readFileSync(join(dirname(path), 'docs/statistics.md'), 'utf8');
      const [, said, freedom] =
        new RegExp(`^\\| \`${name}\`[^|]* \\| (\\.\\d+) \\| (\\d+) \\|`, 'm').exec(page) ?? [];
      expect([Number(said), Number(freedom)]).toEqual([deviation, df]);
    },
  );

  it('docs/small-world.md has how far full runs are apart', () => {
    const page = readFileSync(join(dirname(path), 'docs/small-world.md'), 'utf8');
    const run = (name: string) => {
      const { noise } = profileOf(task, name);
      return readNoise(join(dirname(path), String(noise)), NoiseDraft, '').budgets.full?.metrics.f1?.run ?? 0;
    };
    const said =
      /a full run deviates by (\S+) at 128 latents .*, by (\S+) at 1,024, and by\s+(\S+) at 4,096/.exec(page);
    expect(said?.slice(1)).toEqual([
      run('small').toFixed(3),
      run('medium').toFixed(4),
      run('16k').toFixed(4),
    ]);
    expect(page).toContain(`the difference of the two on one seed by ${noiseOf(task, 'medium').full}.`);
  });
});
