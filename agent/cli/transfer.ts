// Tries the best recipe of a night, and published ones, on other data:
//   npm run transfer -- best --<data of the task> /data/a
//   npm run transfer -- --<data of the task> /data/a --dry
import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { runMain, UserError } from '#contract/errors';
import { EXIT_CODES } from '#contract/stop';
import { profileOf, readTask, type Task } from '#contract/task';
import type { Transfer } from '#contract/transfer';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import { snapshotTree } from '#host/tree';
import { makeWritable } from '#host/writable';
import { sweepsDir } from '../common/paths.ts';
import { count } from '../common/words.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { lanesFor, secondsFor } from '../sweep/estimate.ts';
import { madeAlready } from '../sweep/member.ts';
import { listExperiments } from '../task/experiments.ts';
import { tryForcedBackend } from '../task/forced-backend.ts';
import { readyProfile } from '../task/profiles.ts';
import { bestToTry } from '../transfer/best.ts';
import { type Side, sidesOf } from '../transfer/groups.ts';
import { middleOfProfile, otherTask } from '../transfer/other-task.ts';
import { recipesOf, runsOf, valuesOf, type Wanted } from '../transfer/plan.ts';
import { planWords } from '../transfer/plan-words.ts';
import { nameOfTransfer, writeTransfer } from '../transfer/write.ts';
import { parsed, program, sandboxOption, whole } from './arguments.ts';
import { makeTransfer, printedRuns } from './make-transfer.ts';
import { table } from './verdict-table.ts';
import { say } from './watch.ts';

interface Options {
  profile?: string;
  samples?: number;
  ownSamples?: number;
  seed: number;
  seeds: number;
  sideBySide?: number;
  dry?: boolean;
  out?: string;
  sandbox: SandboxChoice;
  [data: string]: unknown;
}

function commandOf(transfer: Transfer | undefined): Command {
  const command = program(
    'npm run transfer --',
    'Trains and judges a recipe and published ones on other data, beside the world of the task, and writes what carried over: a table, plots, a page in HTML and PDF. A run that is finished is used again where nothing that it depends on has changed.',
  ).argument(
    '[run]',
    'the recipe: a run, words that only one id has, or best (default: best, where there is one)',
  );
  if (transfer) command.option(`--${transfer.data.option} <path>`, transfer.data.about);
  return command
    .option('--profile <name>', 'the profile of TASK.md to compare with (default: that of the recipe)')
    .option(
      '--samples <n>',
      'training samples of each run on the other data (default: as for a full run)',
      whole(1),
    )
    .option(
      '--own-samples <n>',
      'training samples of each run in the own world (default: as for a full run)',
      whole(1),
    )
    .option('--seed <n>', 'the first seed', whole(0), 0)
    .option('--seeds <n>', 'number of consecutive seeds', whole(1), 3)
    .option('--side-by-side <n>', 'how many train at a time', whole(1))
    .option('--dry', 'print the plan and the hours, and train nothing')
    .option('--out <folder>', 'folder of the page (default: checkpoints/sweeps/transfer-<data>-<hash>)')
    .addOption(sandboxOption())
    .addHelpText(
      'after',
      `
Examples:
  npm run transfer -- --${transfer?.data.option ?? 'data'} /data/a --dry
  npm run transfer -- best --${transfer?.data.option ?? 'data'} /data/a
  npm run transfer -- k=3-s0 --${transfer?.data.option ?? 'data'} /data/a --samples 500000 --seeds 2

Exit codes: 0 every run is judged · 1 a run is not · 2 bad input · 130 Ctrl-C. The same command then makes the missing runs, also after a kill -9.`,
    );
}

async function main(): Promise<number> {
  const task = readTask('TASK.md');
  const { transfer } = task.contract;
  const command = withEngineOptions(commandOf(transfer));
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  if (!transfer)
    throw new UserError(`${task.path} has no transfer: it names no other data to try recipes on`);
  const repo = process.cwd();
  const data = folderOf(options, transfer);
  const other = otherTask(repo, transfer, data);
  if (other.contract.executor.slurm)
    throw new UserError(`${transfer.task}: its runs cannot be jobs of Slurm; set executor: local there`);
  const sandbox = await sandboxByHand(repo, options.sandbox);
  const [asked] = command.args;
  const best = bestToTry(task, repo, asked, options.profile);
  if (!best) say('no best yet: the published recipes alone');
  const profileName = await readyProfile(task, repo, options.profile ?? best?.profile);
  await readyProfile(other, repo, transfer.profile);
  const middle = middleOfProfile(other, transfer);
  const known = await listExperiments({ task, repo, sandbox });
  const { recipes, lacking } = recipesOf({
    ...{ transfer, known, best, tree: await snapshotTree({ repo, folder: task.contract.workspace }) },
    sized: Object.keys(profileOf(other, transfer.profile).settings ?? {}),
  });
  if (lacking.length > 0) say(`left out, since the workspace lacks them: ${lacking.join(', ')}`);
  await tryForcedBackend(task, repo, sandbox);
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const values = valuesOf(middle, transfer.along.times);
  const along = { setting: transfer.along.setting, values, middle };
  const sides: Record<Wanted['where'], Side> = {
    own: sideOf(task, profileName, options.ownSamples),
    other: sideOf(other, transfer.profile, options.samples),
  };
  const from = { repo, sandbox, sides };
  const printed = await printedRuns(from, runsOf({ recipes, along, seeds }));
  const { wanted, kept, same } = printed;
  if (same !== null) say(`the best is the recipe ${same}`);
  const seconds = sidesOf(wanted).map(({ where, runs }) => {
    const { task: of, profileName: name, samples } = sides[where];
    const made = runs.flatMap(({ tree, members }) => [
      ...madeAlready({ repo, task: of, profileName: name, tree, samples }, members).keys(),
    ]);
    const missing = runs.flatMap(({ members }) => members).filter((member) => !made.includes(member));
    return { where, made, missing, seconds: secondsFor(repo, name, samples, missing) };
  });
  const missing = seconds.reduce((sum, side) => sum + side.missing.length, 0);
  const sideBySide = Math.min(options.sideBySide ?? lanesFor(task, new TaskExecutor()), Math.max(1, missing));
  const left = seconds.map(({ where, missing: runs, seconds: of }) => {
    return { profileName: sides[where].profileName, missing: runs.length, seconds: of };
  });
  const plan = planWords(wanted.length, left, sideBySide);
  if (options.dry) {
    const made = new Set(seconds.flatMap((side) => side.made));
    const rows = wanted.map((run) => [
      run.label ?? run.name,
      sides[run.where].profileName,
      `seed ${run.seed}`,
      made.has(run.member) ? 'made already' : 'to train',
    ]);
    process.stdout.write(`${table(rows, ['left', 'left', 'left', 'left'])}${plan}\n`);
    return 0;
  }
  say(plan);
  const again = [
    ...[`npm run transfer -- ${asked ?? ''}`.trim(), `--${transfer.data.option} ${data}`],
    ...[`--profile ${profileName} --samples ${sides.other.samples} --own-samples ${sides.own.samples}`],
    `--seed ${options.seed} --seeds ${options.seeds}`,
  ].join(' ');
  const about = {
    ...{ task, other, transfer, recipes: kept, seeds, middle, data, profileName, wanted: wanted.length },
    ...{ samples: { own: sides.own.samples, other: sides.other.samples }, command: again },
  };
  const folder = options.out
    ? resolve(options.out)
    : join(sweepsDir(repo), nameOfTransfer(basename(data), wanted, about));
  if (options.out) makeWritable('--out', options.out);
  const { made, whole: complete } = await makeTransfer(from, wanted, sideBySide, (so) =>
    writeTransfer(folder, so, about, 'numbers'),
  );
  const words = await writeTransfer(folder, made, about, 'whole');
  process.stdout.write(`${words}\n${folder}/transfer.html\n`);
  if (!complete) {
    say(`stopped after ${made.length} of ${count(wanted.length, 'run')}; continue with: ${again}`);
    return EXIT_CODES.interrupt;
  }
  return made.every(({ run }) => run.status === 'finished') ? 0 : 1;
}

/** The folder that the user names. @throws UserError where there is none */
function folderOf(options: Options, { data }: Transfer): string {
  const key = data.option.replace(/-./g, (letters) => letters.charAt(1).toUpperCase());
  const given = options[key];
  if (typeof given !== 'string') throw new UserError(`--${data.option} is missing: ${data.about}`);
  const path = resolve(given);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new UserError(`--${data.option} ${given}: there is no such folder`);
}

function sideOf(task: Task, profileName: string, samples: number | undefined): Side {
  return { task, profileName, samples: samples ?? profileOf(task, profileName).budgets.full };
}

await runMain(main);
