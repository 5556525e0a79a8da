import { describe, expect, it } from 'vitest';
import { NoiseAt } from '#contract/noise';
import { noiseAt } from './noise-at.ts';
import type { SweepRun } from './rows.ts';

const run = (name: string, seed: number, f1: number | null, mcc = 0.5): SweepRun => ({
  ...{ name, settings: {}, seed, run: 'r', reason: null, seconds: 1, backend: null, also: {} },
  status: f1 === null ? 'diverged' : 'finished',
  metrics: f1 === null ? {} : { f1, mcc, other: 1 },
});
const made = {
  ...{ samples: 100, experiment: 'a', beside: 'b' as string | null, settings: {}, tree: 't', commit: 'c' },
  ...{ measured: 'verdict' as const, rows: 10, at: 'now', command: 'again' },
};
const shown = { metric: 'f1', also: ['mcc', 'missing'] };

describe('the noise at a budget', () => {
  it('has the seeds at which every recipe was measured, and the numbers that the task shows', () => {
    const runs = [
      ...[run('a', 0, 0.7), run('b', 0, 0.4), run('a', 1, 0.8), run('b', 1, null)],
      ...[run('a', 2, 0.9), run('b', 2, 0.8)],
    ];
    const level = NoiseAt.parse(noiseAt(made, runs, shown));
    expect(level).toMatchObject({ n: 2, seeds: [0, 2], source: 'measured: a and b on the same 2 seeds' });
    expect(Object.keys(level.metrics)).toEqual(['f1', 'mcc']);
    expect(level.metrics.f1?.values).toEqual([
      [0.7, 0.4],
      [0.9, 0.8],
    ]);
    // Differences 0.3 and 0.1.
    expect(level.metrics.f1?.difference).toBe(0.141421);
  });

  it('needs two seeds, and says where no runs were paired', () => {
    expect(noiseAt(made, [run('a', 0, 0.7), run('b', 0, 0.4)], shown)).toBeNull();
    const alone = noiseAt({ ...made, beside: null }, [run('a', 0, 0.7), run('a', 1, 0.9)], shown);
    expect(alone).toMatchObject({ n: 2, source: 'measured: a on 2 seeds, none of them paired' });
    expect(alone?.metrics.f1).toMatchObject({ run: 0.141421, difference: 0.2 });
  });
});
