// Experiments over a grid of settings and seeds, judged and set side by side:
//   npm run sweep -- default --set k=2,3,4 --set lr=1e-3,3e-3 --seeds 3
//   npm run sweep -- ablations --profile small
import { join, resolve } from 'node:path';
import { several } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { EXIT_CODES } from '#contract/stop';
import { profileOf, readTask, type Task } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import { snapshotTree } from '#host/tree';
import { makeWritable } from '#host/writable';
import { sweepsDir } from '../common/paths.ts';
import { count, duration } from '../common/words.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { noiseByNumber } from '../sweep/beside.ts';
import { chosen } from '../sweep/chosen.ts';
import { doubts } from '../sweep/doubts.ts';
import { lanesFor, secondsFor } from '../sweep/estimate.ts';
import { combinations, type Grid, gridFrom, sizeOf, swept } from '../sweep/grid.ts';
import { type Member, madeAlready } from '../sweep/member.ts';
import { commandOf, folderName, type SweepSummary, writeSummary } from '../sweep/summary.ts';
import { listExperiments } from '../task/experiments.ts';
import { tryForcedBackend } from '../task/forced-backend.ts';
import { readyProfile } from '../task/profiles.ts';
import { parsed, program, sandboxOption, whole } from './arguments.ts';
import { finishSweep } from './finish-sweep.ts';
import { makeRuns, withFingerprints } from './make-runs.ts';
import { table } from './verdict-table.ts';
import { say } from './watch.ts';

interface Options {
  profile?: string;
  samples?: number;
  seed: number;
  seeds: number;
  set: string[];
  sideBySide?: number;
  dry?: boolean;
  yes?: boolean;
  out?: string;
  sandbox: SandboxChoice;
}

/** More runs than these to train need --yes; beyond the second number there is no sweep. */
const MANY = 100;
const MOST = 10_000;

const command = program(
  'npm run sweep --',
  'Trains and judges experiments, over a grid of settings and seeds, and compares them: a table, JSON, CSV, Markdown and plots. A run that is finished is used again where nothing that it depends on has changed; failed runs are recorded.',
)
  .argument('[names...]', 'experiments and sweeps that `npm run train -- --list` prints')
  .option(
    '--profile <name>',
    'profile of TASK.md (default: its defaultProfile, else the first without `requires`)',
  )
  .option('--samples <n>', 'training samples of each run (default: as for a full run)', whole(1))
  .option('--seed <n>', 'the first seed', whole(0), 0)
  .option('--seeds <n>', 'number of consecutive seeds', whole(1), 1)
  .option(
    '--set <key=values>',
    'a setting of every experiment: one value, or several with commas between; several --set make a grid. A comma within [], {} or "" belongs to its value',
    several,
    [],
  )
  .option(
    '--side-by-side <n>',
    'how many train at a time (default: one for each two cores; one on a GPU; as `executor.slurm.jobs` of TASK.md says)',
    whole(1),
  )
  .option('--dry', 'print the plan, and train nothing')
  .option('--yes', `train also where more than ${MANY} runs are missing`)
  .option('--out <folder>', 'folder of the summary (default: checkpoints/sweeps/<names>-<profile>-<hash>)')
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run sweep -- ablations --profile small
  npm run sweep -- l0_sweep --seeds 3 --samples 512000
  npm run sweep -- default reference_style --set k=2,3,4 --set lr=1e-3,3e-3 --seeds 3 --dry
  npm run sweep -- default --set 'widths=[4,16],[8,32],[4,16,64]'

Exit codes: 0 every run is judged · 1 a run is not · 2 bad input · 130 Ctrl-C. The same command then makes the missing runs, also after a kill -9.`,
  );

async function main(): Promise<number> {
  if (!parsed(withEngineOptions(command))) return 0;
  const options = command.opts<Options>();
  const grid = gridFrom(options.set);
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const sandbox = await sandboxByHand(repo, options.sandbox);
  const { members, description } = chosen(command.args, await listExperiments({ task, repo, sandbox }));
  const profileName = await readyProfile(task, repo, options.profile);
  const samples = options.samples ?? profileOf(task, profileName).budgets.full;
  const size = sizeOf(grid) * members.length * options.seeds;
  const inAll = `${count(size, 'run')}${productOf(members, grid, options.seeds)}`;
  if (size > MOST) throw new UserError(`${inAll}: a sweep has at most ${MOST}`);
  await tryForcedBackend(task, repo, sandbox);
  const question = { task, repo, cwd: repo, sandbox, profileName, samples };
  for (const line of await doubts(question, members, grid)) say(line);
  const tree = await snapshotTree({ repo, folder: task.contract.workspace });
  const keys = swept(grid);
  const printed = await withFingerprints(
    { repo, task, sandbox, profileName, tree },
    members.flatMap((name) =>
      combinations(grid).map((settings) => {
        const label = [name, ...keys.map((key) => `${key}=${settings[key]}`)].join(' ');
        return { name, settings, label };
      }),
    ),
  );
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const wanted: Member[] = printed.flatMap((each) => seeds.map((seed) => ({ ...each, seed })));
  const common = { repo, task, sandbox, profileName, tree, samples };
  const made = madeAlready(common, wanted);
  const missing = wanted.filter((member) => !made.has(member));
  const sideBySide = Math.min(
    options.sideBySide ?? lanesFor(task, new TaskExecutor()),
    Math.max(1, missing.length),
  );
  const seconds = secondsFor(repo, profileName, samples, missing);
  const plan = [
    inAll,
    ...(missing.length < size ? [`${size - missing.length} made already`] : []),
    `${missing.length} to train${timeOf(seconds, missing.length, sideBySide)}`,
  ].join(' · ');
  if (options.dry) {
    const rows = wanted.map((member) => {
      const id = made.get(member);
      const state = id === undefined ? 'to train' : `made already: ${id}`;
      return [member.label ?? member.name, `seed ${member.seed}`, state];
    });
    process.stdout.write(`${table(rows, ['left', 'left', 'left'])}${plan}\n`);
    return 0;
  }
  if (missing.length > MANY && !options.yes)
    throw new UserError(`${plan}: more than ${MANY} need --yes (--dry lists them)`);
  say(plan);
  const summary: SweepSummary = {
    ...{ version: 1, sweep: command.args, description, profile: profileName, samples, seeds, grid },
    ...{ noise: noiseOr(task, profileName, samples), tree, at: new Date().toISOString(), runs: [] },
  };
  const folder = options.out ? resolve(options.out) : join(sweepsDir(repo), folderName(summary, printed));
  // Checked before the first run, so that no run is trained for a summary that cannot be written.
  if (options.out) makeWritable('--out', options.out);
  const started = performance.now();
  const onRun = (runs: SweepSummary['runs']) => {
    summary.runs = runs;
    writeSummary(folder, summary, task.contract, []);
  };
  const whole = await makeRuns(wanted, common, { onRun, sideBySide });
  if (summary.runs.length > 0) await finishSweep(folder, summary, task);
  if (!whole) {
    say(
      `stopped after ${summary.runs.length} of ${wanted.length} runs; continue with: ${commandOf(summary)}`,
    );
    return EXIT_CODES.interrupt;
  }
  const bad = summary.runs.filter(({ status }) => status !== 'finished').length;
  const took = `${count(wanted.length, 'run')} in ${duration((performance.now() - started) / 1000)}`;
  process.stdout.write(bad > 0 ? `${took}, ${bad} of them without a verdict\n` : `${took}\n`);
  return bad > 0 ? 1 : 0;
}

/** ` (2 experiments × 3 k × 2 lr × 3 seeds)`; empty where there is one factor. */
function productOf(members: readonly string[], grid: Grid, seeds: number): string {
  const factors = [
    ...(members.length > 1 ? [count(members.length, 'experiment')] : []),
    ...swept(grid).map((key) => `${grid[key]?.length} values of ${key}`),
    ...(seeds > 1 ? [count(seeds, 'seed')] : []),
  ];
  return factors.length < 2 ? '' : ` (${factors.join(' × ')})`;
}

function timeOf(seconds: number | null, missing: number, sideBySide: number): string {
  if (missing === 0) return '';
  const beside = sideBySide > 1 ? `, ${sideBySide} at a time` : '';
  if (seconds === null) return `${beside}; no run of this profile tells how long that takes`;
  const hours = seconds / 3600;
  const long = hours < 0.1 ? duration(seconds) : `${Number(hours.toPrecision(2))} h`;
  return `${beside}: about ${long} one after the other, by runs of this profile`;
}

/** The noise of the profile; null where none was measured. */
function noiseOr(task: Task, profileName: string, samples: number): SweepSummary['noise'] {
  try {
    return noiseByNumber(task, profileName, samples);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return null;
  }
}

await runMain(main);
