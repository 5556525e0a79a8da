import type { NoiseAt } from '#contract/noise';
import type { TaskContract } from '#contract/task-contract';
import type { SweepRun } from './rows.ts';
import { spreadOf } from './spread.ts';

/** What is known of the runs before they are made. */
export type Made = Pick<
  NoiseAt,
  'samples' | 'settings' | 'measured' | 'rows' | 'commit' | 'tree' | 'at' | 'command'
> & { experiment: string; beside: string | null };

/**
 * The noise at a budget from its runs: a seed counts where all its runs were measured. Null with fewer than
 * two such seeds.
 */
export function noiseAt(
  made: Made,
  runs: readonly SweepRun[],
  { metric, also }: Pick<TaskContract, 'metric' | 'also'>,
): NoiseAt | null {
  const recipes = [made.experiment, ...(made.beside === null ? [] : [made.beside])];
  const measured = (name: string, seed: number) =>
    runs.find((run) => run.name === name && run.seed === seed && run.status === 'finished')?.metrics;
  const seeds = [...new Set(runs.map(({ seed }) => seed))].filter((seed) =>
    recipes.every((name) => measured(name, seed)?.[metric] !== undefined),
  );
  if (seeds.length < 2) return null;
  const metrics: NoiseAt['metrics'] = {};
  for (const field of new Set([metric, ...also])) {
    const values = seeds.map((seed) => recipes.map((name) => measured(name, seed)?.[field] ?? Number.NaN));
    if (values.flat().every(Number.isFinite)) metrics[field] = spreadOf(values);
  }
  const pairs =
    made.beside === null
      ? `${made.experiment} on ${seeds.length} seeds, none of them paired`
      : `${made.experiment} and ${made.beside} on the same ${seeds.length} seeds`;
  return { source: `measured: ${pairs}`, n: seeds.length, seeds, ...made, metrics };
}
