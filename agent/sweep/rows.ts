import type { Settings } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import type { TaskContract } from '#contract/task-contract';
import type { Verdict } from '#contract/verdict';

/** One run of a sweep: the numbers of its verdict, or why there is none. */
export interface SweepRun extends Pick<SprintRun, 'seed' | 'reason' | 'seconds' | 'backend'> {
  /** The experiment. */
  name: string;
  /** What was set against it. */
  settings: Settings;
  /** Its folder in `checkpoints/`; null where the run was refused. */
  run: string | null;
  /** `finished`: trained and judged; otherwise the status of the run's record, `refused`, or `not judged`. */
  status: string;
  metrics: Verdict['metrics'];
  also: Verdict['also'];
}

/**
 * The runs of one experiment with the same settings: the mean of each number over seeds, and its spread where
 * there are several.
 */
export interface Row extends Pick<SweepRun, 'settings'> {
  /** The experiment, and what is swept: `default k=2`. */
  name: string;
  experiment: string;
  runs: SweepRun[];
  mean: Record<string, number>;
  /** Sample standard deviation over seeds; empty for one seed. */
  spread: Record<string, number>;
}

/** One row per experiment and combination of the swept settings, in the order of the runs. */
export function rowsOf(runs: readonly SweepRun[], swept: readonly string[] = []): Row[] {
  const nameOf = ({ name, settings }: SweepRun) =>
    [name, ...swept.map((key) => `${key}=${settings[key]}`)].join(' ');
  const groups = new Map<string, SweepRun[]>();
  for (const run of runs) groups.set(nameOf(run), [...(groups.get(nameOf(run)) ?? []), run]);
  return [...groups].flatMap(([name, own]) => {
    const [first] = own;
    if (!first) return [];
    const numbers = own.filter(({ status }) => status === 'finished').map(numbersOf);
    const mean: Row['mean'] = {};
    const spread: Row['spread'] = {};
    for (const field of Object.keys(numbers[0] ?? {})) {
      const values = numbers.flatMap((of) => of[field] ?? []).filter(Number.isFinite);
      const middle = meanOf(values);
      mean[field] = middle;
      if (values.length < 2) continue;
      const squares = values.reduce((sum, v) => sum + (v - middle) ** 2, 0);
      spread[field] = Math.sqrt(squares / (values.length - 1));
    }
    return [{ name, experiment: first.name, settings: first.settings, runs: own, mean, spread }];
  });
}

const meanOf = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** All numbers of a verdict in one record; numbers of another form have its name in front: `inference_f1`. */
export function numbersOf({ metrics, also }: Pick<Verdict, 'metrics' | 'also'>): Record<string, number> {
  const others = Object.entries(also).flatMap(([form, numbers]) =>
    Object.entries(numbers).map(([name, value]) => [`${form}_${name}`, value] as const),
  );
  return { ...metrics, ...Object.fromEntries(others) };
}

/** A row against the best one. */
export interface Against {
  /** In the mean over the seeds that both have; null for the best itself, and without such a seed. */
  difference: number | null;
  best: boolean;
  /** Whether it is no larger than the noise of such a mean; null where the noise is not known. */
  within: boolean | null;
}

/**
 * How far each row is from the best one in the deciding metric. `noise`: of the difference of two runs on one
 * seed.
 */
export function againstBest(
  rows: readonly Row[],
  { metric, goal }: Pick<TaskContract, 'metric' | 'goal'>,
  noise: number | null,
): Against[] {
  const sign = goal === 'max' ? 1 : -1;
  const worth = (row: Row) => sign * (row.mean[metric] ?? Number.NaN);
  const measured = rows.filter((row) => Number.isFinite(worth(row)));
  const best = measured.toSorted((a, b) => worth(b) - worth(a))[0];
  return rows.map((row) => {
    if (!best || row === best) return { difference: null, best: row === best, within: null };
    const pairs = row.runs.flatMap((run) => {
      const other = best.runs.find(({ seed }) => seed === run.seed)?.metrics[metric];
      const own = run.metrics[metric];
      return own === undefined || other === undefined ? [] : [own - other];
    });
    if (pairs.length === 0) return { difference: null, best: false, within: null };
    const difference = meanOf(pairs);
    const within = noise === null ? null : Math.abs(difference) <= noise / Math.sqrt(pairs.length);
    return { difference, best: false, within };
  });
}
