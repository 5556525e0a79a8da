// All runs, by hand and of the nights:
//   npm run runs
//   npm run runs -- --where 'loss<.1 experiment=default' --sort -seconds
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import type { TaskContract } from '#contract/task-contract';
import { csv } from '../common/csv.ts';
import { sprintsDir, taskPath } from '../common/paths.ts';
import { count, inColumn } from '../common/words.ts';
import { knownRuns } from '../ledger/known-runs.ts';
import { readSprints } from '../ledger/ledger.ts';
import { cellsOf, type Row, runRow } from '../ledger/rows.ts';
import { filtered, sorted } from '../ledger/where.ts';
import { parsed, program } from './arguments.ts';
import { table } from './verdict-table.ts';

interface Options {
  where: string;
  sort?: string;
  json?: boolean;
  csv?: boolean;
}

const command = program(
  'npm run runs --',
  'Lists all runs, by hand and of the nights: what was set against the settings of the experiment, seed, samples, tree of the workspace, state, and the numbers that the trainer claimed, the judge measured on the last snapshot, and the judge verified.',
)
  .option('--where <terms>', "list the runs that meet all terms, like 'loss<.1 experiment=default'", '')
  .option(
    '--sort <name>',
    'sort by a column, the smallest first; -name: the largest first (default: by time)',
  )
  .option('--json', 'print every column as JSON')
  .option('--csv', 'print every column as CSV')
  .addHelpText(
    'after',
    `
Examples:
  npm run runs -- --where 'loss<.1 experiment=default samples>=512000' --sort -seconds
  npm run runs -- --where 'set~width= status=finished'
  npm run --silent runs -- --csv > runs.csv

Terms: = != > < >= <= and ~ (contains). Columns are those of --csv. A name with no word in front is the judge's number where
there is one: loss is verified_loss, else measured_loss, else claimed_loss. declared_... was declared, not observed.`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  if (options.json && options.csv) throw new UserError('give --json or --csv, not both');
  const repo = process.cwd();
  const { contract } = readTask(taskPath(repo));
  const all = knownRuns(repo, readSprints(sprintsDir(repo))).map(runRow);
  const met = filtered(all, options.where);
  const rows = options.sort === undefined ? met : sorted(met, options.sort);
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (options.csv) process.stdout.write(csv(cellsOf(rows)));
  else if (all.length === 0)
    process.stdout.write('There is no run yet. Train one: npm run train -- --list names the experiments.\n');
  else process.stdout.write(`${table(linesOf(rows, contract))}${summary(rows.length, all.length)}\n`);
  return 0;
}

const summary = (shown: number, all: number): string =>
  shown === all ? count(all, 'run') : `${shown} of ${count(all, 'run')}`;

/** The columns that people ask for first. `--csv` has all. */
function linesOf(rows: readonly Row[], contract: TaskContract): string[][] {
  const { metric, also } = contract;
  const fields = [metric, ...also.slice(0, 1)];
  const numbers = (row: Row, word: string) =>
    fields.map((field) => inColumn(numberIn(row[`${word}_${field}`])) || '-').join(' ');
  const named = fields.join(' ');
  return [
    [
      'run',
      'set',
      'seed',
      'samples',
      'profile',
      'tree',
      'state',
      'claimed',
      `measured ${named}`,
      `verified ${named}`,
    ],
    ...rows.map((row) => [
      `${row.run}`,
      `${row.set}` || '-',
      `${row.seed}`,
      `${row.samples}`,
      `${row.profile}`,
      `${row.tree}`.slice(0, 8),
      stateOf(row),
      claimed(row, contract),
      numbers(row, 'measured'),
      numbers(row, row.verdict === 'confirmed' ? 'confirmed' : 'verified'),
    ]),
  ];
}

function stateOf(row: Row): string {
  const marks = [
    row.sprint === null ? [] : [row.candidate ? 'candidate' : (row.role ?? 'night')],
    row.verdict === 'confirmed' ? ['confirmed'] : [],
    row.declared_start === 'own weights' ? [] : ['other weights, declared'],
  ].flat();
  return marks.length === 0 ? `${row.status}` : `${row.status} (${marks.join(', ')})`;
}

/** The number that the trainer claimed: the first of those that the task draws, else the first. */
function claimed(row: Row, { plots }: Pick<TaskContract, 'plots'>): string {
  const numbers = Object.keys(row).filter(
    (key) => key.startsWith('claimed_') && typeof row[key] === 'number',
  );
  const name =
    plots.curves.map((curve) => `claimed_${curve}`).find((key) => numbers.includes(key)) ?? numbers[0];
  return name === undefined ? '-' : `${name.replace('claimed_', '')} ${inColumn(numberIn(row[name]))}`;
}

const numberIn = (value: Row[string]) => (typeof value === 'number' ? value : undefined);

await runMain(main);
