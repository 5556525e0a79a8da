// Judges the best checkpoint again, on fresh samples of a new seed:
//   npm run best
//   npm run best -- --profile small --eval-seed 12
//   npm run best -- --train --same-seed
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomic } from '#contract/atomic';
import { runMain, UserError } from '#contract/errors';
import { noiseOf } from '#contract/noise';
import type { SprintRun } from '#contract/sprint';
import { readTask, type Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { inRun, runDir } from '../common/paths.ts';
import type { JudgeRequest } from '../executor/judging.ts';
import { findBest } from '../ledger/find-best.ts';
import { readSprintRun } from '../ledger/run-folder.ts';
import { numbersOf } from '../sweep/rows.ts';
import { trainAgain, weightsCompared } from './again.ts';
import { parsed, program, sandboxOption, whole } from './arguments.ts';
import { judgeAloud } from './judge-aloud.ts';
import { changed, comparison, show, shownMetrics, verdictTable } from './verdict-table.ts';

interface Options {
  profile?: string;
  samples?: number;
  evalSeed?: number;
  train?: boolean;
  sameSeed?: boolean;
  sandbox: SandboxChoice;
}

const command = program(
  'npm run best --',
  'Judges the checkpoint of the best sprint again and shows the recorded numbers beside the new ones. With --train, trains the run again first.',
)
  .option('--profile <name>', 'profile of TASK.md (default: the first whose leaderboard has a best)')
  .option('--samples <n>', 'number of fresh samples (default: as for a verdict)', whole(1))
  .option('--eval-seed <n>', 'seed of these samples (default: a new key each time)', whole(0))
  .option('--train', 'train the run again first, from its recorded tree and settings, on a new seed')
  .option(
    '--same-seed',
    'train it on its own seed: the weights have to be bit-identical (default: a new seed)',
  )
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run best
  npm run best -- --profile small --eval-seed 12
  npm run best -- --train
  npm run best -- --train --same-seed`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const sandbox = await sandboxByHand(repo, options.sandbox);
  const { profileName, sprint, recorded } = findBest(task, repo, options.profile);
  const dir = runDir(repo, recorded.run);
  const here = existsSync(dir);
  process.stdout.write(`best of ${profileName}: sprint ${sprint.number}, ${sprint.title}\n`);
  if (!here && !options.train) {
    process.stdout.write(`\n${verdictTable(task.contract, recorded)}\n`);
    throw new UserError(
      `checkpoints/${recorded.run} is not in this checkout (checkpoints are not committed), so it cannot be judged again; train it again: npm run best -- --train`,
    );
  }
  process.stdout.write(`${dir}\n\n`);
  const asked = options.evalSeed === undefined ? undefined : { seed: options.evalSeed };
  const judge = (runDir: string, drawn: JudgeRequest['drawn'] = asked) =>
    judgeAloud({ task, repo, runDir, samples: options.samples, drawn, sandbox });
  if (!options.train) {
    const now = await keepingVerdict(dir, () => judge(dir));
    process.stdout.write(comparison(shownMetrics(task.contract, now), { recorded, now }));
    process.stdout.write(`\n${conclusion(task, profileName, recorded, now)}\n`);
    return 0;
  }
  const run = sprint.runs.find(({ id }) => id === recorded.run);
  if (!run)
    throw new UserError(
      `sprints/${sprint.id}/sprint.json does not list the run ${recorded.run} of its verdict; restore the file from git`,
    );
  const seed = options.sameSeed ? run.seed : randomInt(2 ** 31);
  const { id } = await trainAgain({ task, repo, sandbox, profileName, sprint, run, seed });
  // Both on the same fresh samples, so that only the training can make a difference.
  const first = here ? await keepingVerdict(dir, () => judge(dir)) : null;
  const again = await judge(runDir(repo, id), first?.evaluation);
  const columns = { recorded, ...(first && { now: first }), again };
  process.stdout.write(comparison(Object.keys(numbersOf(again)), columns));
  const trained = readSprintRun(repo, id) as SprintRun;
  const weights = options.sameSeed ? `${weightsCompared(repo, run, trained)}\n` : '';
  process.stdout.write(`\ntrained again on seed ${seed}: ${runDir(repo, id)}\n${weights}`);
  process.stdout.write(`${conclusion(task, profileName, first ?? recorded, again)}\n`);
  return 0;
}

/** Judges and puts the recorded verdict back: the judge overwrites it in the run folder. */
async function keepingVerdict<T>(runDir: string, judge: () => Promise<T>): Promise<T> {
  const path = inRun(runDir).verdict;
  const before = existsSync(path) ? readFileSync(path) : null;
  try {
    return await judge();
  } finally {
    if (before) writeFileAtomic(path, before);
  }
}

function conclusion(task: Task, profileName: string, recorded: Verdict, now: Verdict): string {
  const { metric } = task.contract;
  const { full: noise } = noiseOf(task, profileName);
  const change = Math.abs(changed(now.metrics[metric], recorded.metrics[metric]));
  const { samples, seed, key } = now.evaluation;
  const from = key !== undefined ? `key ${key}` : seed !== undefined ? `seed ${seed}` : 'of no known key';
  const drawn = `${samples} fresh samples, ${from}`;
  if (change <= noise) return `${metric} holds: within the noise of ${noise} (${drawn})`;
  return `${metric} does NOT hold: it moved by ${show(change)}, the noise is ${noise} (${drawn})`;
}

await runMain(main);
