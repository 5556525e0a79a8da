// Runs side by side:
//   npm run compare -- <run> <run> ...
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { runMain, UserError } from '#contract/errors';
import { readTask, type Task } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { capture } from '#host/capture';
import { splitCommand } from '#host/command';
import { serviceEnv } from '#host/env';
import { makeWritable } from '#host/writable';
import { comparedDir, inRun, runDir, sprintsDir, taskPath } from '../common/paths.ts';
import { idOf } from '../ledger/folder-of.ts';
import { knownRuns, runNamed } from '../ledger/known-runs.ts';
import { readSprints } from '../ledger/ledger.ts';
import { type KnownRun, runRow } from '../ledger/rows.ts';
import { outOfProportion } from '../ledger/time-against.ts';
import { differences, incomparable, judged, type Line, noiseByNumber, sideBySide } from '../sweep/beside.ts';
import { overlay } from '../sweep/overlay.ts';
import { parsed, program, sandboxOption } from './arguments.ts';
import { abortable } from './interrupt.ts';
import { show, table } from './verdict-table.ts';
import { say } from './watch.ts';

interface Options {
  out?: string;
  json?: boolean;
  sandbox: SandboxChoice;
}

const command = program(
  'npm run compare --',
  'Shows runs side by side: settings that differ, the numbers of their verdicts with the noise, their curves in one picture, and what each of them has learned that the first lacks, where the task has a command for that.',
)
  .argument('<run...>', 'two runs or more: ids, folders, words that are in the id of one run only, or best')
  .option('--out <folder>', 'folder of the picture (default: checkpoints/compared/<hash>)')
  .option('--json', 'print settings and numbers as JSON, and nothing that has to be measured')
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run compare -- 2026-02-19--10-37-12-default-s0 2026-02-19--10-41-50-default-k=4-s0
  npm run compare -- default-s0 default-k=4-s0
  npm run compare -- best default-s0`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const repo = process.cwd();
  const task = readTask(taskPath(repo));
  const all = knownRuns(repo, readSprints(sprintsDir(repo)));
  const runs = command.args.map((asked) => runNamed(all, asked === 'best' ? idOf(asked, repo) : asked));
  if (new Set(runs).size < 2) throw new UserError('give two different runs or more; npm run runs lists them');
  const folder = options.out ? resolve(options.out) : join(comparedDir(repo), digestOf(runs));
  if (options.out) makeWritable('--out', folder);
  const picture = await drawn(task, runs, folder);
  const settings = differences(runs);
  const columns = runs.map(judged);
  const numbers = sideBySide(columns, task.contract);
  if (options.json) {
    const judgedBy = columns.map(({ from }) => from);
    const json = { runs: runs.map(runRow), settings, judged: judgedBy, numbers, picture };
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    return 0;
  }
  const print = (text: string) => process.stdout.write(`${text}\n`);
  print(runs.map(({ run }, at) => `${letter(at)} = ${run.id}`).join('\n'));
  print(`\nSettings that differ (learning rate, epochs and starting weights are declared, not observed):\n`);
  print(settings.length === 0 ? '  none' : settingsTable(settings));
  const trees = [...new Set(runs.map(({ run }) => run.tree))];
  if (trees.length > 1) print(`  code: git diff ${trees[0]} ${trees[1]}\n`);
  print(numbersTable(task, runs, numbers));
  if (picture) print(`curves: ${picture}`);
  return learned(task, repo, runs, options.sandbox);
}

const letter = (at: number) => (at < 26 ? String.fromCharCode(65 + at) : `run ${at + 1}`);

const digestOf = (runs: readonly KnownRun[]) =>
  createHash('sha256')
    .update(runs.map(({ run }) => run.id).join('\n'))
    .digest('hex')
    .slice(0, 8);

function settingsTable(lines: ReturnType<typeof differences>): string {
  const head = ['', ...(lines[0]?.values ?? []).map((_, at) => letter(at))];
  const rows = lines.map(({ name, values }) => [name, ...values.map((value) => String(value ?? '-'))]);
  return table(
    [head, ...rows],
    head.map(() => 'left'),
  );
}

/** The numbers, the difference of each run to the first, and the noise; a `*` marks what is beyond it. */
function numbersTable(task: Task, runs: readonly KnownRun[], lines: Line<number | undefined>[]): string {
  const from = runs.map((run, at) => `${letter(at)}: ${judged(run).from}`).join(', ');
  const times = runs.flatMap(({ time }, at) => {
    const slow = outOfProportion(time);
    return slow === null ? [] : [`  ${letter(at)} ${slow}\n`];
  });
  const why = incomparable(runs);
  const known = why === null ? noiseOf(task, runs) : null;
  const noise = known?.of ?? {};
  const rows = lines.map(({ name, values }) => {
    const [first = Number.NaN, ...others] = values;
    const apart = others.map((value = Number.NaN) => {
      const change = value - first;
      if (why !== null || Number.isNaN(change)) return '-';
      const beyond = Math.abs(change) > (noise[name] ?? Number.POSITIVE_INFINITY);
      return `${change < 0 ? '' : '+'}${change.toFixed(4)}${beyond ? '*' : ' '}`;
    });
    return [
      ...[name, ...values.map((value) => show(value, name)), ...apart],
      noise[name] === undefined ? '-' : String(Number(noise[name].toPrecision(2))),
    ];
  });
  const others = runs.slice(1).map((_, at) => `${letter(at + 1)}-A`);
  const head = ['', ...runs.map((_, at) => letter(at)), ...others, 'noise'];
  const said =
    why ??
    (known
      ? `* beyond the noise: one standard deviation of the difference of two runs of equal worth on one seed, at the budget ${known.budget}`
      : 'the noise is not known');
  return `Numbers (${from}):\n\n${table([head, ...rows])}\n  ${said}\n${times.join('')}`;
}

/** The noise at the smallest budget of the runs; null where it is not known. */
function noiseOf(task: Task, runs: readonly KnownRun[]): ReturnType<typeof noiseByNumber> | null {
  try {
    const samples = Math.min(...runs.map(({ run }) => run.samples));
    return noiseByNumber(task, runs[0]?.profile ?? '', samples);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`the noise is not known: ${error.message}`);
    return null;
  }
}

/** Draws the curves of the runs; null where none logged any. */
async function drawn({ contract }: Task, runs: readonly KnownRun[], folder: string): Promise<string | null> {
  const names = new Map(runs.map(({ run }, at) => [run.id, `${letter(at)} ${run.id}`]));
  const svg = await overlay(
    runs.map(({ run }) => run),
    names,
    contract.metric,
    contract.plots.curves,
  );
  if (svg === null) return null;
  const path = join(folder, 'curves.svg');
  writeFileAtomic(path, svg);
  return path;
}

/** Has the task's command compare each run with the first, where their folders are here. */
async function learned(
  { contract }: Task,
  repo: string,
  runs: readonly KnownRun[],
  how: SandboxChoice,
): Promise<number> {
  const [first, ...others] = runs.map(({ run }) => run.id);
  if (contract.compare === undefined || first === undefined) return 0;
  const missing = runs.find(({ run }) => !existsSync(inRun(runDir(repo, run.id)).checkpoint));
  if (missing) {
    say(
      `what they have learned is not compared: checkpoints/${missing.run.id} is not here, or has no checkpoint`,
    );
    return 0;
  }
  await sandboxByHand(repo, how);
  let code = 0;
  for (const [at, other] of others.entries()) {
    say(`comparing what A and ${letter(at + 1)} have learned ...`);
    const folders = [first, other].map((id) => runDir(repo, id));
    const argv = [...splitCommand(contract.compare), ...folders, '--sandbox', how];
    const { exit, stdout, complaint } = await abortable((signal) =>
      capture({
        argv,
        cwd: repo,
        env: serviceEnv(),
        timeoutSeconds: 3600,
        until: { signal, reason: 'stopped' },
      }),
    );
    if (exit.code === 0) process.stdout.write(`\n${letter(at + 1)} against A. ${stdout}`);
    else say(`not compared: ${complaint ?? `it ended with ${exit.code ?? exit.signal}`}`);
    code = exit.stopped ? 130 : code || (exit.code === 0 ? 0 : 1);
  }
  return code;
}

await runMain(main);
