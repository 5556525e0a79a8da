import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '#contract/atomic';
import { pairsOf } from '#contract/settings';
import type { TaskContract } from '#contract/task-contract';
import { csv } from '../common/csv.ts';
import { count, label, numberFormat, signed } from '../report/document/names.ts';
import { type Grid, setWords, swept } from './grid.ts';
import type { Member } from './member.ts';
import { againstBest, numbersOf, rowsOf, type SweepRun } from './rows.ts';

/** `summary.json` of a sweep's folder. */
export interface SweepSummary {
  version: 1;
  /** The experiments and sweeps that were asked for. */
  sweep: string[];
  description: string;
  profile: string;
  samples: number;
  seeds: number[];
  /** What is set in every experiment: each value of each setting. */
  grid: Grid;
  /** The noise of a difference on one seed by number, and the budget that it was measured at. */
  noise: { budget: string; of: Record<string, number> } | null;
  tree: string;
  at: string;
  runs: SweepRun[];
}

type Shown = Pick<TaskContract, 'metric' | 'also' | 'goal'>;

/**
 * The table of a sweep as cells: one line per experiment and combination of settings, with the numbers that
 * the task shows, then the metric in the other forms, then how far it is from the best.
 */
export function tableOf(summary: SweepSummary, shown: Shown): string[][] {
  const { metric, also } = shown;
  const keys = swept(summary.grid);
  const rows = rowsOf(summary.runs, keys);
  const known = (field: string) => rows.some(({ mean }) => mean[field] !== undefined);
  const forms = [...new Set(summary.runs.flatMap((run) => Object.keys(run.also)))];
  const titles = new Map([metric, ...also].map((field) => [field, label(field)]));
  for (const form of forms) titles.set(`${form}_${metric}`, `${label(metric)} (${form})`);
  const fields = [...titles.keys()].filter(known);
  const columns = fields.map((field) => {
    const values = rows.map(({ mean }) => mean[field]);
    return { field, format: numberFormat(field, values) };
  });
  const against = againstBest(rows, shown, summary.noise?.of[metric] ?? null);
  const several = rows.filter(({ mean }) => mean[metric] !== undefined).length > 1;
  const distance = (row: number) => {
    const { difference, best, within } = against[row] ?? {};
    if (best) return 'best';
    if (difference === null || difference === undefined) return '–';
    return `${within ? '~ ' : ''}${signed(difference, metric)}`;
  };
  return [
    [
      ...['experiment', ...keys, ...fields.map((field) => titles.get(field) ?? field)],
      ...(several ? ['to the best'] : []),
    ],
    ...rows.map(({ experiment, settings, runs, mean, spread }, at) => [
      experiment,
      ...keys.map((key) => settings[key] ?? ''),
      ...columns.map(({ field, format }, i) => {
        const [value, apart] = [mean[field], spread[field]];
        if (value === undefined) return i === 0 ? (runs[0]?.status ?? '–') : '–';
        return format(value) + (apart === undefined ? '' : ` ± ${apart.toFixed(3)}`);
      }),
      ...(several ? [distance(at)] : []),
    ]),
  ];
}

/** What the noise says of the differences in the table; null where it says nothing. */
export function noiseWords({ noise, seeds, grid, runs }: SweepSummary, { metric }: Shown): string | null {
  const one = noise?.of[metric];
  const measured = rowsOf(runs, swept(grid)).filter(({ mean }) => mean[metric] !== undefined);
  if (!noise || one === undefined || measured.length < 2) return null;
  const several = seeds.length > 1;
  const mean = several
    ? `, ${show(one / Math.sqrt(seeds.length))} in the mean over ${seeds.length} seeds`
    : '';
  return `"~": no more than the noise, so it means nothing. The noise of a difference in ${label(metric)} is ${show(one)} on one seed at the budget "${noise.budget}"${mean}. The best of many rows is also the luckiest: try it on other seeds.`;
}

const show = (value: number) => String(Number(value.toPrecision(2)));

/**
 * Writes `summary.json`, `README.md` and `summary.csv`, each atomically. `plots`: the files of the plots;
 * none before they are drawn.
 */
export function writeSummary(
  folder: string,
  summary: SweepSummary,
  shown: Shown,
  plots: readonly string[],
): void {
  const rows = rowsOf(summary.runs, swept(summary.grid));
  const against = againstBest(rows, shown, summary.noise?.of[shown.metric] ?? null);
  const grouped = rows.map(({ name, experiment, settings, runs, mean, spread }, i) => {
    const seeds = runs.flatMap(({ seed, status }) => (status === 'finished' ? [seed] : []));
    return { name, experiment, settings, seeds, mean, spread, against: against[i] };
  });
  writeJsonAtomic(join(folder, 'summary.json'), { ...summary, rows: grouped });
  writeFileAtomic(join(folder, 'summary.csv'), table(summary));
  writeFileAtomic(join(folder, 'README.md'), markdown(summary, shown, plots));
}

/** The name of a sweep's folder: another one for other runs. */
export function folderName(
  { sweep, profile, samples, seeds, grid }: SweepSummary,
  members: readonly Pick<Member, 'name' | 'fingerprint'>[],
): string {
  const printed = members.map(({ name, fingerprint }) => [name, fingerprint]);
  const what = JSON.stringify([samples, seeds, grid, printed]);
  const hash = createHash('sha256').update(what).digest('hex').slice(0, 8);
  return `${sweep.join('+').slice(0, 60)}-${profile}-${hash}`;
}

/** The command that makes the sweep again, or the runs that are missing. */
export function commandOf({ sweep, profile, samples, seeds, grid }: SweepSummary): string {
  return [
    `npm run sweep -- ${sweep.join(' ')} --profile ${profile} --samples ${samples} --seed ${seeds[0]}`,
    ...(seeds.length > 1 ? [`--seeds ${seeds.length}`] : []),
    ...setWords(grid),
  ].join(' ');
}

function markdown(summary: SweepSummary, shown: Shown, plots: readonly string[]): string {
  const { sweep, description, profile, samples, seeds, grid, tree, runs, at } = summary;
  const keys = swept(grid);
  const [head = [], ...rows] = tableOf(summary, shown);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ').replaceAll('\n', ' ')} |`;
  const fixed = Object.entries(grid).flatMap(([key, values]) =>
    keys.includes(key) ? [] : [`${key}=${values}`],
  );
  const facts = [
    `profile ${profile}`,
    `${count(samples)} samples`,
    seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds[seeds.length - 1]}, mean ± std`,
    ...fixed,
    `tree ${tree.slice(0, 8)}`,
    at.slice(0, 16).replace('T', ' '),
  ];
  const bad = runs.filter(({ status }) => status !== 'finished');
  const nameOf = ({ name, settings, seed }: SweepRun) =>
    `${[name, ...pairsOf(settings).filter((pair) => keys.includes(pair.split('=')[0] ?? ''))].join(' ')}, seed ${seed}`;
  const left = keys.length + 1;
  const parts = [
    `# Sweep ${sweep.join(', ')}`,
    `${description}. Measured by the judge.`,
    `*${facts.join(' · ')}*`,
    [line(head), line(head.map((_, i) => (i < left ? '---' : '---:'))), ...rows.map(line)].join('\n'),
    noiseWords(summary, shown) ?? '',
    bad.map((run) => `- ${nameOf(run)}: **${run.status}**, ${run.reason}`).join('\n'),
    plots.map((plot) => `![${plot.replace(/\.svg$/, '')}](${plot})`).join('\n\n'),
    `\`summary.json\` lists every run with its folder. To make the missing runs:\n\n    ${commandOf(summary)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** One line per run: name, what is set, seed, how it ended, and every number of its verdict. */
function table({ runs, grid }: SweepSummary): string {
  const fields = [...new Set(runs.flatMap((run) => Object.keys(numbersOf(run))))];
  const keys = Object.keys(grid);
  const lines = runs.map((each) => {
    const { name, settings, seed, run, status, reason, seconds, backend } = each;
    const own = numbersOf(each);
    const set = keys.map((key) => settings[key]);
    return [name, ...set, seed, run, status, reason, seconds, backend, ...fields.map((field) => own[field])];
  });
  const head = ['name', ...keys, 'seed', 'run', 'status', 'reason', 'seconds', 'backend', ...fields];
  return csv([head, ...lines]);
}
