// One training run by hand, judged:
//   npm run train -- --list
//   npm run train -- default --samples 512000 --seed 1 --set lr=0.001
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import type { Settings } from '#contract/run';
import { EXIT_CODES } from '#contract/stop';
import { profileOf, readTask, type Task } from '#contract/task';
import { working } from '#contract/working';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import type { Sandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { inRun, sprintsDir } from '../common/paths.ts';
import type { RunHandle, RunRequest } from '../executor/executor.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { folderOf } from '../ledger/folder-of.ts';
import { leaderboardId, readSprints } from '../ledger/ledger.ts';
import { readRunRecord, readSprintRun } from '../ledger/run-folder.ts';
import { outOfProportion, timeNow } from '../ledger/time-against.ts';
import { listExperiments } from '../task/experiments.ts';
import { cannotCount, inWords } from '../task/foretell.ts';
import { readyProfile } from '../task/profiles.ts';
import { parsed, program, sandboxOption, setting, whole } from './arguments.ts';
import { judgeAloud, measureAloud } from './judge-aloud.ts';
import { standing, table, verdictTable } from './verdict-table.ts';
import { say, watch } from './watch.ts';

interface Options {
  profile?: string;
  samples?: number;
  seed: number;
  out?: string;
  set: Settings;
  judge: boolean;
  list?: boolean;
  resume?: string;
  from?: string;
  sandbox: SandboxChoice;
}

const command = program(
  'npm run train --',
  'Trains one experiment of the workspace, as its files are now, and judges the checkpoint.',
)
  .argument('[experiment]', 'a name that --list prints')
  .option(
    '--profile <name>',
    'profile of TASK.md (default: its defaultProfile, else the first without `requires`)',
  )
  .option('--samples <n>', 'training samples (default: as for a full run)', whole(1))
  .option('--seed <n>', 'seed of initial weights and data', whole(0), 0)
  .option('--out <folder>', 'run folder (default: checkpoints/<run id>)')
  .option('--set <key=value>', 'override a setting of the experiment; may be repeated', setting, {})
  .option('--from <run id>', 'start with the weights of that run in checkpoints/; such a run stands apart')
  .option('--no-judge', 'train only; do not judge')
  .option(
    '--resume <run>',
    'continue a run that was stopped or killed, from its own tree and settings: its folder, its id, or words that only one id has',
  )
  .option('--list', 'print the experiments')
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run train -- --list
  npm run train -- default --samples 512000
  npm run train -- default --seed 1 --set lr=0.001 --out /tmp/mine
  npm run train -- --resume /tmp/mine

Exit codes: 0 trained and judged · 1 the run did not finish, or its judge failed · 2 bad input · 130 Ctrl-C (docs/exit-codes.md).`,
  );

async function main(): Promise<number> {
  if (!parsed(withEngineOptions(command))) return 0;
  const options = command.opts<Options>();
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const sandbox = await sandboxByHand(repo, options.sandbox);
  if (options.list) {
    const experiments = await listExperiments({ task, repo, sandbox });
    const rows = experiments.map(({ name, description, members }) => [
      name,
      members ? `sweep of ${members.length}: ${description}` : description,
    ]);
    process.stdout.write(table(rows, ['left', 'left']));
    return 0;
  }
  const run = options.resume === undefined ? await begin(task, sandbox) : await goOn(task, sandbox);
  const { profile: profileName, tree } = readRunRecord(run.dir);
  const title = `${run.id} · profile ${profileName} · tree ${tree.slice(0, 8)}`;
  const record = await watch(run, title, task.contract.plots.curves);
  if (record.status !== 'finished') {
    say(`${record.status}: ${record.reason}\nrun folder: ${run.dir} (trainer.log has the rest)`);
    const saved = existsSync(inRun(run.dir).optimizer);
    if (saved && record.status !== 'diverged') say(`continue with: npm run train -- --resume ${run.dir}`);
    return record.endedBy === 'user' ? EXIT_CODES.interrupt : 1;
  }
  process.stdout.write(`trained in ${record.seconds?.toFixed(1)} s: ${run.dir}\n`);
  if (options.judge) await judge({ task, repo, run, sandbox, profileName });
  return 0;
}

/** Starts the experiment that the arguments ask for, from the workspace as it stands. */
async function begin(task: Task, sandbox: Sandbox): Promise<RunHandle> {
  const request = await working('reading the workspace', () => asked(task, sandbox));
  return new TaskExecutor().start(request);
}

/** What the arguments ask for. @throws UserError for an experiment that there is not */
async function asked(task: Task, sandbox: Sandbox): Promise<RunRequest> {
  const options = command.opts<Options>();
  const [experiment] = command.args;
  const repo = process.cwd();
  const experiments = await listExperiments({ task, repo, sandbox });
  const names = experiments.filter(({ members }) => !members).map(({ name }) => name);
  if (experiments.some(({ name, members }) => members && name === experiment)) {
    throw new UserError(`"${experiment}" is a sweep of several experiments: npm run sweep -- ${experiment}`);
  }
  if (experiment === undefined || !names.includes(experiment)) {
    const problem = experiment === undefined ? 'which experiment?' : `unknown experiment "${experiment}";`;
    throw new UserError(`${problem} there are: ${names.join(', ')}`);
  }
  const profileName = await readyProfile(task, repo, options.profile);
  const samples = options.samples ?? profileOf(task, profileName).budgets.full;
  const settings = options.set;
  const told = { task, repo, cwd: repo, sandbox, profileName, samples, settings, experiment };
  const why = inWords(await cannotCount(told));
  if (why !== null) say(`this run cannot count in profile ${profileName}: ${why}`);
  const tree = await snapshotTree({ repo, folder: task.contract.workspace });
  return {
    ...{ repo, task, profileName, sandbox, sprint: null },
    ...{ experiment, settings, samples, seed: options.seed, tree, from: options.from },
    out: options.out === undefined ? undefined : resolve(options.out),
  };
}

/** Resumes the run of --resume. @throws UserError for an argument that would make it another run. */
async function goOn(task: Task, sandbox: Sandbox): Promise<RunHandle> {
  const given = ['profile', 'samples', 'seed', 'set', 'out', 'from'].filter(
    (name) => command.getOptionValueSource(name) === 'cli',
  );
  const [other] = [...command.args, ...given.map((name) => `--${name}`)];
  if (other) throw new UserError(`--resume uses the recorded arguments of the run; leave out ${other}`);
  const repo = process.cwd();
  const dir = resolve(folderOf(command.opts<Options>().resume as string, repo));
  return new TaskExecutor().resume({ repo, task, sandbox, dir });
}

interface Finished {
  task: Task;
  repo: string;
  run: RunHandle;
  sandbox: Sandbox;
  profileName: string;
}

async function judge({ task, repo, run, sandbox, profileName }: Finished): Promise<void> {
  const request = { task, repo, runDir: run.dir, sandbox };
  const { metric } = task.contract;
  const points = await measureAloud(request);
  if (points.length > 0) {
    const curve = points.map(({ samples, metrics }) => [String(samples), metrics[metric]?.toFixed(4) ?? '-']);
    process.stdout.write(table([['samples', metric], ...curve]));
  }
  const verdict = await judgeAloud(request);
  process.stdout.write(`\n${verdictTable(task.contract, verdict)}\n`);
  const slow = slowBy(repo, run.id, leaderboardId(task, profileName));
  if (slow !== null) process.stdout.write(`${slow}\n`);
  process.stdout.write(`${standing(task, profileName, repo, verdict)}\n`);
}

/** The time of a run where it is out of proportion to that of the best of a leaderboard. */
function slowBy(repo: string, id: string, leaderboard: string): string | null {
  const run = readSprintRun(repo, id);
  const board = readSprints(sprintsDir(repo)).filter((sprint) => sprint.leaderboard === leaderboard);
  return run && outOfProportion(timeNow(run, board));
}

await runMain(main);
