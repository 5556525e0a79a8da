// Removes runs that nothing refers to:
//   npm run rm
//   npm run rm -- --where 'experiment=trial' --yes
import { existsSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { entriesBelow } from '#host/entries-below';
import { removeLeft } from '#host/remove-left';
import { dropTree } from '#host/tree';
import { runDir, sprintsDir, taskPath } from '../common/paths.ts';
import { count } from '../common/words.ts';
import { runRef } from '../executor/run-id.ts';
import { TaskExecutor } from '../executor/slurm/task-executor.ts';
import { knownRuns, runNamed } from '../ledger/known-runs.ts';
import { readSprints } from '../ledger/ledger.ts';
import { referencesTo } from '../ledger/references.ts';
import { type KnownRun, runRow } from '../ledger/rows.ts';
import { filtered } from '../ledger/where.ts';
import { pruneTrees } from '../recover/prune.ts';
import { sweepSummaries } from '../sweep/summaries.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run rm --',
  'Removes runs from checkpoints/ that nothing refers to: no sprint, no sweep in checkpoints/sweeps/, no run that began with their weights, no process. Without --yes it says what it would remove.',
)
  .argument('[run...]', 'ids of runs, folders, or words that are in the id of one run only (default: all)')
  .option('--where <terms>', "of these, the runs that meet all terms (npm run runs), like 'experiment=trial'")
  .option('--yes', 'remove them')
  .addHelpText(
    'after',
    `
Examples:
  npm run rm
  npm run rm -- 2026-02-19--10-37-12-trial-s0 --yes
  npm run rm -- --where 'experiment=trial seed>0' --yes`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const { where, yes } = command.opts<{ where?: string; yes?: boolean }>();
  const repo = process.cwd();
  readTask(taskPath(repo)); // Throws in a folder without a task.
  const all = knownRuns(repo, readSprints(sprintsDir(repo)));
  const here = all.filter(({ run }) => existsSync(runDir(repo, run.id)));
  const named = command.args.map((asked) => runNamed(here, asked));
  const wanted = meeting(named.length > 0 ? named : here, where);
  const referred = referencesTo(wanted, all, sweepSummaries(repo));
  const executor = new TaskExecutor();
  for (const { run } of wanted)
    if (executor.isRunning(runDir(repo, run.id))) referred.set(run.id, ['its trainer, which is running']);
  const [refused] = named.flatMap(({ run }) => (referred.has(run.id) ? [run.id] : []));
  if (refused !== undefined)
    throw new UserError(`${refused}: is not removed; it is needed by ${referred.get(refused)?.join('; ')}`);
  const free = wanted.filter(({ run }) => !referred.has(run.id));
  let bytes = 0;
  for (const { run } of free) {
    const size = sizeOf(runDir(repo, run.id));
    bytes += size;
    process.stdout.write(`${runDir(repo, run.id)} (${megabytes(size)})\n`);
    if (!yes) continue;
    removeLeft(runDir(repo, run.id));
    await dropTree({ repo, ref: runRef(run.id) });
  }
  if (yes) pruneTrees(repo);
  const verb = yes ? 'removed' : 'would be removed (with --yes)';
  const stays = referred.size > 0 ? `; kept, because something refers to them: ${referred.size}` : '';
  process.stdout.write(`${count(free.length, 'run')} ${verb}, ${megabytes(bytes)}${stays}\n`);
  return 0;
}

function meeting(runs: readonly KnownRun[], where: string | undefined): KnownRun[] {
  if (where === undefined) return [...runs];
  const met = new Set(filtered(runs.map(runRow), where).map((row) => row.run));
  return runs.filter(({ run }) => met.has(run.id));
}

/** The bytes of the files of a folder; links are not followed. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const { stat } of entriesBelow(folder)) if (stat.isFile()) bytes += stat.size;
  return bytes;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

await runMain(main);
