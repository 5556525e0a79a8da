import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '#contract/atomic';
import type { Settings } from '#contract/run';
import { pairsOf } from '#contract/settings';
import type { SprintRun } from '#contract/sprint';
import type { TaskContract } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { csv } from '../common/csv.ts';
import { count, label, numberFormat } from '../report/document/names.ts';

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

/** `summary.json` of a sweep's folder. */
export interface SweepSummary {
  version: 1;
  sweep: string;
  description: string;
  profile: string;
  samples: number;
  seeds: number[];
  /** Settings that are changed in every experiment. */
  settings: Settings;
  tree: string;
  at: string;
  runs: SweepRun[];
}

/** The runs of one experiment: the mean of each number over seeds, and its spread where there are several. */
export interface Row {
  name: string;
  runs: SweepRun[];
  mean: Record<string, number>;
  /** Sample standard deviation over seeds; empty for one seed. */
  spread: Record<string, number>;
}

type Shown = Pick<TaskContract, 'metric' | 'also'>;

/** One row per experiment, in the order of the runs. */
export function rowsOf(runs: readonly SweepRun[]): Row[] {
  return [...new Set(runs.map(({ name }) => name))].map((name) => {
    const own = runs.filter((run) => run.name === name);
    const numbers = own.filter(({ status }) => status === 'finished').map(numbersOf);
    const mean: Row['mean'] = {};
    const spread: Row['spread'] = {};
    for (const field of Object.keys(numbers[0] ?? {})) {
      const values = numbers.flatMap((of) => of[field] ?? []).filter(Number.isFinite);
      const middle = values.reduce((sum, v) => sum + v, 0) / values.length;
      mean[field] = middle;
      if (values.length < 2) continue;
      const squares = values.reduce((sum, v) => sum + (v - middle) ** 2, 0);
      spread[field] = Math.sqrt(squares / (values.length - 1));
    }
    return { name, runs: own, mean, spread };
  });
}

/** All numbers of a verdict in one record; numbers of another form have its name in front: `inference_f1`. */
export function numbersOf({ metrics, also }: Pick<Verdict, 'metrics' | 'also'>): Record<string, number> {
  const others = Object.entries(also).flatMap(([form, numbers]) =>
    Object.entries(numbers).map(([name, value]) => [`${form}_${name}`, value] as const),
  );
  return { ...metrics, ...Object.fromEntries(others) };
}

/**
 * The table of a sweep as cells: one line per experiment, with the numbers that the task shows, then the
 * metric in the other forms.
 */
export function tableOf(summary: SweepSummary, { metric, also }: Shown): string[][] {
  const rows = rowsOf(summary.runs);
  const known = (field: string) => rows.some(({ mean }) => mean[field] !== undefined);
  const forms = [...new Set(summary.runs.flatMap((run) => Object.keys(run.also)))];
  const titles = new Map([metric, ...also].map((field) => [field, label(field)]));
  for (const form of forms) titles.set(`${form}_${metric}`, `${label(metric)} (${form})`);
  const fields = [...titles.keys()].filter(known);
  const columns = fields.map((field) => {
    const values = rows.map(({ mean }) => mean[field]);
    return { field, format: numberFormat(field, values) };
  });
  return [
    ['experiment', ...fields.map((field) => titles.get(field) ?? field)],
    ...rows.map(({ name, runs, mean, spread }) => [
      name,
      ...columns.map(({ field, format }, i) => {
        const [value, apart] = [mean[field], spread[field]];
        if (value === undefined) return i === 0 ? (runs[0]?.status ?? '–') : '–';
        return format(value) + (apart === undefined ? '' : ` ± ${apart.toFixed(3)}`);
      }),
    ]),
  ];
}

/**
 * Writes `summary.json`, `README.md` and `summary.csv`, each atomically. `plot`: the file of the plot; null
 * before it is drawn.
 */
export function writeSummary(folder: string, summary: SweepSummary, shown: Shown, plot: string | null): void {
  writeJsonAtomic(join(folder, 'summary.json'), summary);
  writeFileAtomic(join(folder, 'summary.csv'), table(summary));
  writeFileAtomic(join(folder, 'README.md'), markdown(summary, shown, plot));
}

/** The command that makes the sweep again, or the runs that are missing. */
export function commandOf({ sweep, profile, samples, seeds, settings }: SweepSummary): string {
  return [
    `npm run sweep -- ${sweep} --profile ${profile} --samples ${samples} --seed ${seeds[0]}`,
    ...(seeds.length > 1 ? [`--seeds ${seeds.length}`] : []),
    ...pairsOf(settings).map((pair) => `--set ${pair}`),
  ].join(' ');
}

function markdown(summary: SweepSummary, shown: Shown, plot: string | null): string {
  const { sweep, description, profile, samples, seeds, settings, tree, runs, at } = summary;
  const [head = [], ...rows] = tableOf(summary, shown);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const facts = [
    `profile ${profile}`,
    `${count(samples)} samples`,
    seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds[seeds.length - 1]}, mean ± std`,
    ...pairsOf(settings),
    `tree ${tree.slice(0, 8)}`,
    at.slice(0, 16).replace('T', ' '),
  ];
  const bad = runs.filter(({ status }) => status !== 'finished');
  const parts = [
    `# Sweep ${sweep}`,
    `${description}. Measured by the judge.`,
    `*${facts.join(' · ')}*`,
    [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n'),
    bad.map((run) => `- ${run.name}, seed ${run.seed}: **${run.status}**, ${run.reason}`).join('\n'),
    plot ? `![${sweep}](${plot})` : '',
    `\`summary.json\` lists every run with its folder. To make the missing runs:\n\n    ${commandOf(summary)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** One line per run: name, seed, how it ended, and every number of its verdict. */
function table({ runs }: SweepSummary): string {
  const fields = [...new Set(runs.flatMap((run) => Object.keys(numbersOf(run))))];
  const lines = runs.map((each) => {
    const { name, seed, run, status, reason, seconds, backend } = each;
    const own = numbersOf(each);
    return [name, seed, run, status, reason, seconds, backend, ...fields.map((field) => own[field])];
  });
  return csv([['name', 'seed', 'run', 'status', 'reason', 'seconds', 'backend', ...fields], ...lines]);
}
