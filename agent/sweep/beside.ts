import { dirname, join } from 'node:path';
import { measuredProfile, NoiseDraft, readNoise } from '#contract/noise';
import { profileOf, type Task } from '#contract/task';
import type { TaskContract } from '#contract/task-contract';
import type { Cell } from '../common/csv.ts';
import type { KnownRun } from '../ledger/rows.ts';
import { type Stage, stageOf } from '../ledger/stages.ts';
import { numbersOf } from './rows.ts';

/** A name, and what each of the runs has there. */
export interface Line<T> {
  name: string;
  values: T[];
}

/**
 * What defines the runs and is not the same in all of them: spec, profile, backend, and every setting that
 * their trainers recorded. Where one of them recorded none, what was set instead.
 */
export function differences(runs: readonly KnownRun[]): Line<Cell>[] {
  const recorded = runs.every(({ run }) => Object.keys(run.config ?? {}).length > 0);
  const columns = runs.map(
    ({ run, profile }): Record<string, Cell> => ({
      ...{ profile, experiment: run.experiment, samples: run.samples, seed: run.seed },
      ...{ tree: run.tree.slice(0, 10), 'starting weights': run.from ?? 'its own', backend: run.backend },
      ...(recorded ? run.config : run.settings),
    }),
  );
  return [...new Set(columns.flatMap((column) => Object.keys(column)))]
    .map((name) => ({ name, values: columns.map((column) => column[name]) }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** The numbers of a run: of its verdict, else of its last snapshot. */
export interface Judged {
  from: string;
  numbers: Record<string, number>;
}

export function judged({ run, sprint }: KnownRun): Judged {
  const verdict = (sprint?.candidate === run.id ? sprint.verdict : null) ?? run.verdict;
  if (verdict) return { from: verdict.kind, numbers: numbersOf(verdict) };
  const last = run.evals.at(-1);
  return last
    ? { from: `measured at ${last.samples} samples`, numbers: last.metrics }
    : { from: 'not judged', numbers: {} };
}

/** The numbers of runs side by side: those that the task shows, the metric in the other forms behind. */
export function sideBySide(
  columns: readonly Judged[],
  { metric, also }: Pick<TaskContract, 'metric' | 'also'>,
): Line<number | undefined>[] {
  const all = new Set(columns.flatMap(({ numbers }) => Object.keys(numbers)));
  const forms = [...all].filter((name) => name.endsWith(`_${metric}`) && !also.includes(name));
  return [...new Set([metric, ...also, ...forms])]
    .filter((name) => all.has(name))
    .map((name) => ({ name, values: columns.map(({ numbers }) => numbers[name]) }));
}

/**
 * The noise of each number at a budget of a profile: one standard deviation of the difference of two runs of
 * equal worth on the same seed; for samples between two budgets that of a screen. Where TASK.md states one
 * number, that of the metric alone.
 * @throws UserError where the noise was not measured.
 */
export function noiseByNumber(
  task: Task,
  profileName: string,
  samples: number,
): { budget: Stage; of: Record<string, number> } {
  const profile = measuredProfile(task, profileName);
  const budget = stageOf(profile, samples) ?? 'screen';
  const { noise } = profileOf(task, profileName);
  if (typeof noise === 'number') return { budget, of: { [task.contract.metric]: noise } };
  const file = readNoise(join(dirname(task.path), noise), NoiseDraft, 'measure it with npm run noise');
  const spreads = Object.entries(file.budgets[budget]?.metrics ?? {});
  return { budget, of: Object.fromEntries(spreads.map(([name, { difference }]) => [name, difference])) };
}

/** Why runs have no numbers to compare; null where they have. */
export function incomparable(runs: readonly KnownRun[]): string | null {
  const profiles = [...new Set(runs.map(({ profile }) => profile))];
  if (profiles.length > 1) return `numbers of different profiles are not compared (${profiles.join(', ')})`;
  const worlds = new Set(runs.map((run) => (judged(run).from === 'confirmed' ? 'secret' : 'public')));
  if (worlds.size > 1) return 'numbers of a secret world and of the public one are not compared';
  return null;
}
