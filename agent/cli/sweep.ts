// Several experiments, one after the other, judged and set side by side:
//   npm run sweep -- ablations --profile small
//   npm run sweep -- l0_sweep --seeds 3 --samples 512000
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { runMain, UserError } from '#contract/errors';
import { type Profile, profileOf, readTask, type Task } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { snapshotTree } from '#host/tree';
import { LocalExecutor } from '../executor/local.ts';
import { listExperiments } from '../experiments.ts';
import { readyProfile } from '../profiles.ts';
import { type SweepPlan, sweepRun } from '../sweep/member.ts';
import { sweepPlot } from '../sweep/plot.ts';
import { commandOf, rowsOf, type SweepSummary, tableOf, writeSummary } from '../sweep/summary.ts';
import { count, duration } from '../words.ts';
import { parsed, program, sandboxOption, several, whole } from './arguments.ts';
import { abortable } from './interrupt.ts';
import { show, table } from './verdict-table.ts';
import { say, watch } from './watch.ts';

interface Options {
  profile?: string;
  samples?: number;
  seed: number;
  seeds: number;
  set: string[];
  out?: string;
  sandbox: SandboxChoice;
}

const command = program(
  'sweep',
  'Trains and judges every experiment of a sweep, and sets them side by side: JSON, Markdown, CSV and a plot. Runs that are complete are passed over, those that fail recorded.',
)
  .argument('[sweep]', 'a sweep that `npm run train -- --list` prints')
  .option('--profile <name>', 'profile of TASK.md (default: the first that needs nothing special)')
  .option('--samples <n>', 'training rows of each run (default: those of a counting run)', whole(1))
  .option('--seed <n>', 'the first seed', whole(0), 0)
  .option('--seeds <n>', 'how many seeds, one after the other', whole(1), 1)
  .option('--set <key=value>', 'overrides a setting of every experiment; may be repeated', several, [])
  .option('--out <folder>', 'where the summary goes (default: checkpoints/sweeps/<sweep>-<profile>-<hash>)')
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  $ npm run sweep -- ablations --profile small
  $ npm run sweep -- l0_sweep --seeds 3 --samples 512000

Exit code 0 when every run is judged, 1 when one is not, 130 after Ctrl-C; the same command goes on with what is missing.`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const sandbox = await sandboxByHand(repo, options.sandbox);
  const all = await listExperiments({ task, cwd: repo, sandbox });
  const sweeps = all.filter(({ members }) => members !== undefined);
  const sweep = sweeps.find(({ name }) => name === command.args[0]);
  if (!sweep?.members) {
    const names = sweeps.map(({ name }) => name).join(', ') || 'none';
    const problem = command.args[0] === undefined ? 'which sweep?' : `unknown sweep "${command.args[0]}";`;
    throw new UserError(`${problem} there are: ${names}`);
  }
  const profileName = await readyProfile(task, repo, options.profile);
  const profile = profileOf(task, profileName);
  const { contract } = task;
  const summary: SweepSummary = {
    version: 1,
    sweep: sweep.name,
    description: sweep.description,
    profile: profileName,
    samples: options.samples ?? profile.budgets.count,
    seeds: Array.from({ length: options.seeds }, (_, i) => options.seed + i),
    set: options.set,
    tree: await snapshotTree({ repo, folder: contract.workspace }),
    at: new Date().toISOString(),
    runs: [],
  };
  const folder = options.out
    ? resolve(options.out)
    : join(repo, 'checkpoints', 'sweeps', folderName(summary));
  const wanted = sweep.members.flatMap((name) => summary.seeds.map((seed) => ({ name, seed })));
  let title = '';
  let trained = false;
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = true;
    });
  }
  const plan: SweepPlan = {
    ...{ repo, task, profileName, sandbox, abortable, executor: new LocalExecutor() },
    ...{ tree: summary.tree, samples: summary.samples, set: summary.set },
    watch: (run) => {
      trained = true;
      return watch(run, `${title} · ${run.id}`, contract.plots.curves);
    },
  };
  const started = performance.now();
  for (const [i, { name, seed }] of wanted.entries()) {
    title = `${i + 1} of ${wanted.length} · ${name} · seed ${seed}`;
    trained = false;
    const run = await sweepRun(plan, name, seed);
    if (interrupted) break;
    summary.runs.push(run);
    writeSummary(folder, summary, contract, null);
    const said =
      run.status === 'finished' ? show(run.metrics[contract.metric]) : `${run.status}: ${run.reason}`;
    say(`${title} · ${contract.metric} ${said}${trained ? '' : ' (made already)'}`);
  }
  if (summary.runs.length > 0) await finish(folder, summary, task, profile);
  if (interrupted) {
    say(`stopped after ${summary.runs.length} of ${wanted.length} runs; go on with: ${commandOf(summary)}`);
    return 130;
  }
  const bad = summary.runs.filter(({ status }) => status !== 'finished').length;
  const took = duration((performance.now() - started) / 1000);
  process.stdout.write(
    `${count(summary.runs.length, 'run')} in ${took}${bad ? `, ${bad} of them without a verdict` : ''}\n`,
  );
  return bad > 0 ? 1 : 0;
}

/** Draws the plot, writes the summary with it, and shows the table. */
async function finish(
  folder: string,
  summary: SweepSummary,
  { contract }: Task,
  profile: Profile,
): Promise<void> {
  const { metric, also, plots } = contract;
  const metrics = [metric, ...also.filter((name) => name !== plots.against?.field)].slice(0, 2);
  const svg = plots.against ? await sweepPlot(rowsOf(summary.runs), profile, metrics, plots.against) : null;
  if (svg) writeFileAtomic(join(folder, 'plot.svg'), svg);
  writeSummary(folder, summary, contract, svg ? 'plot.svg' : null);
  process.stdout.write(`${table(tableOf(summary, contract))}\n${folder}/README.md\n`);
}

function folderName({ sweep, profile, samples, seeds, set, tree }: SweepSummary): string {
  const what = JSON.stringify([samples, seeds, set, tree]);
  return `${sweep}-${profile}-${createHash('sha256').update(what).digest('hex').slice(0, 8)}`;
}

await runMain(main);
