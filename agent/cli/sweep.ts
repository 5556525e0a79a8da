// Several experiments, one after the other, judged and set side by side:
//   npm run sweep -- ablations --profile small
//   npm run sweep -- l0_sweep --seeds 3 --samples 512000
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { runMain, UserError } from '#contract/errors';
import type { Settings } from '#contract/run';
import { pairsOf } from '#contract/settings';
import { EXIT_CODES } from '#contract/stop';
import { type Profile, profileOf, readTask, type Task } from '#contract/task';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { withEngineOptions } from '#host/engine-options';
import type { Sandbox } from '#host/sandbox';
import { snapshotTree } from '#host/tree';
import { makeWritable } from '#host/writable';
import { sweepsDir } from '../common/paths.ts';
import { count, duration } from '../common/words.ts';
import { sweepPlot } from '../sweep/plot.ts';
import { commandOf, rowsOf, type SweepSummary, tableOf, writeSummary } from '../sweep/summary.ts';
import { brokenConstraints } from '../task/contract-check.ts';
import { listExperiments } from '../task/experiments.ts';
import { tryForcedBackend } from '../task/forced-backend.ts';
import { foretell, inWords } from '../task/foretell.ts';
import { readyProfile } from '../task/profiles.ts';
import { parsed, program, sandboxOption, setting, whole } from './arguments.ts';
import { makeRuns, withFingerprints } from './make-runs.ts';
import { table } from './verdict-table.ts';
import { say } from './watch.ts';

interface Options {
  profile?: string;
  samples?: number;
  seed: number;
  seeds: number;
  set: Settings;
  out?: string;
  sandbox: SandboxChoice;
}

const command = program(
  'npm run sweep --',
  'Trains and judges every experiment of a sweep and compares them in a summary: JSON, Markdown, CSV and a plot. Complete runs are not repeated; failed runs are recorded.',
)
  .argument('[sweep]', 'a sweep that `npm run train -- --list` prints')
  .option('--profile <name>', 'profile of TASK.md (default: the first without `requires`)')
  .option('--samples <n>', 'training samples of each run (default: as for a full run)', whole(1))
  .option('--seed <n>', 'the first seed', whole(0), 0)
  .option('--seeds <n>', 'number of consecutive seeds', whole(1), 1)
  .option('--set <key=value>', 'override a setting of every experiment; may be repeated', setting, {})
  .option('--out <folder>', 'folder of the summary (default: checkpoints/sweeps/<sweep>-<profile>-<hash>)')
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run sweep -- ablations --profile small
  npm run sweep -- l0_sweep --seeds 3 --samples 512000

Exit codes: 0 every run is judged · 1 a run is not · 2 bad input · 130 Ctrl-C. The same command then makes the missing runs.`,
  );

async function main(): Promise<number> {
  if (!parsed(withEngineOptions(command))) return 0;
  const { profile: asked, samples, seed, seeds, set: settings, out, sandbox: how } = command.opts<Options>();
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const sandbox = await sandboxByHand(repo, how);
  const { name: sweep, description, members } = await chosenSweep(task, repo, sandbox);
  const profileName = await readyProfile(task, repo, asked);
  const profile = profileOf(task, profileName);
  await tryForcedBackend(task, repo, sandbox);
  const summary: SweepSummary = {
    ...{ version: 1, sweep, description, profile: profileName, settings },
    samples: samples ?? profile.budgets.full,
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
    tree: await snapshotTree({ repo, folder: task.contract.workspace }),
    at: new Date().toISOString(),
    runs: [],
  };
  const folder = out ? resolve(out) : join(sweepsDir(repo), folderName(summary));
  // Checked before the first run, so that no run is trained for a summary that cannot be written.
  if (out) makeWritable('--out', out);
  const started = performance.now();
  const printed = await withFingerprints(
    { repo, task, sandbox, profileName, tree: summary.tree },
    members.map((name) => ({ name, settings })),
  );
  const wanted = printed.flatMap((each) => summary.seeds.map((seed) => ({ ...each, seed })));
  const told = await foretell({
    ...{ task, repo, cwd: repo, sandbox, profileName, settings },
    samples: summary.samples,
  });
  for (const experiment of members) {
    const declares = told?.find(({ name }) => name === experiment)?.declares;
    const known = { samples: summary.samples, ...declares };
    const why = inWords(brokenConstraints(task, profileName, known));
    if (why !== null) say(`${experiment} cannot count in profile ${profileName}: ${why}`);
  }
  const { tree } = summary;
  const common = { repo, task, sandbox, profileName, tree, samples: summary.samples };
  const whole = await makeRuns(wanted, common, (run) => {
    summary.runs.push(run);
    writeSummary(folder, summary, task.contract, null);
  });
  if (summary.runs.length > 0) await finish(folder, summary, task, profile);
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

/** The sweep that the arguments name. @throws UserError with the list of sweeps for any other name. */
async function chosenSweep(task: Task, repo: string, sandbox: Sandbox) {
  const [wanted] = command.args;
  const all = await listExperiments({ task, repo, sandbox });
  const sweeps = all.flatMap(({ members, ...rest }) => (members ? [{ ...rest, members }] : []));
  const sweep = sweeps.find(({ name }) => name === wanted);
  if (sweep) return sweep;
  const names = sweeps.map(({ name }) => name).join(', ') || 'none';
  throw new UserError(
    `${wanted === undefined ? 'which sweep?' : `unknown sweep "${wanted}";`} there are: ${names}`,
  );
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

function folderName({ sweep, profile, samples, seeds, settings, tree }: SweepSummary): string {
  const what = JSON.stringify([samples, seeds, pairsOf(settings), tree]);
  return `${sweep}-${profile}-${createHash('sha256').update(what).digest('hex').slice(0, 8)}`;
}

await runMain(main);
