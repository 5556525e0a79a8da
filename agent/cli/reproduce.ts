// Trains a run again on another seed, and on a world that nobody has seen:
//   npm run reproduce
//   npm run reproduce -- 2026-02-19--10-37-12-wider-s0
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { noiseOf } from '#contract/noise';
import type { RunSpec } from '#contract/run';
import { readTask, type Task } from '#contract/task';
import type { Verdict } from '#contract/verdict';
import { type SandboxChoice, sandboxByHand } from '#host/by-hand';
import { removeLeft } from '#host/remove-left';
import { runDir, sprintsDir } from '../common/paths.ts';
import type { SecretWorld } from '../executor/executor.ts';
import { drawSecretWorld } from '../executor/secret-world.ts';
import { idOf } from '../ledger/folder-of.ts';
import { bestOf, leaderboardId, readSprints } from '../ledger/ledger.ts';
import { findRunRecord, readRunRecord, readSprintRun } from '../ledger/run-folder.ts';
import { type Again, trainAgain } from './again.ts';
import { parsed, program, sandboxOption, whole } from './arguments.ts';
import { checkConfirmed } from './check-confirmed.ts';
import { judgeAloud } from './judge-aloud.ts';
import { comparison, show, shownMetrics } from './verdict-table.ts';
import { say } from './watch.ts';

interface Options {
  seed?: number;
  key?: string;
  draw?: number;
  sandbox: SandboxChoice;
}

/** A number holds if it is at most this many noises below the one that was recorded. */
const WITHIN = 2;

const command = program(
  'npm run reproduce --',
  'Trains a run again from its recorded tree and settings, on another seed, and judges it: in the world of its profile, and in a secret world of the same kind that is drawn for this alone. Says whether its number holds.',
)
  .argument(
    '[run]',
    'id of a run, its folder, words that only one id has, or best (default: that of the first profile that has one)',
  )
  .option('--seed <n>', 'seed of both trainings (default: a new one)', whole(0))
  .option('--key <hex>', 'check a confirmed number: the published key of its run branch')
  .option('--draw <n>', 'with --key: which of its secret worlds, as in sprint.json', whole(0))
  .addOption(sandboxOption())
  .addHelpText(
    'after',
    `
Examples:
  npm run reproduce
  npm run reproduce -- 2026-02-19--10-37-12-wider-s0
  npm run reproduce -- 2026-02-19--10-37-12-wider-s0 --key 5e1f... --draw 3

Exit codes: 0 the number holds in both worlds · 1 it does not, or a run or its judge failed · 2 bad input (docs/exit-codes.md).`,
  );

async function main(): Promise<number> {
  if (!parsed(command)) return 0;
  const options = command.opts<Options>();
  const repo = process.cwd();
  const task = readTask('TASK.md');
  const sandbox = await sandboxByHand(repo, options.sandbox);
  const { recorded, ...found } = find(task, repo, idFrom(repo, command.args[0]));
  const check = publishedWorld(options);
  if (check) return await checkConfirmed({ ...{ task, repo, sandbox }, ...found }, check);
  const { run, profileName } = found;
  // Before anything is trained: its file may be missing.
  const noise = noiseOf(task, profileName).full;
  const seed = options.seed ?? randomInt(2 ** 31);
  process.stdout.write(
    `${run.id}: ${run.experiment}, profile ${profileName}, seed ${run.seed}; again on seed ${seed}\n`,
  );
  const again: Again = { ...found, task, repo, sandbox, seed };
  const columns = { recorded, fresh: await judged(again) };
  const key = randomBytes(32);
  const secret = task.contract.drawWorld === undefined ? null : await onSecretWorld(again, key);
  const names = shownMetrics(task.contract, columns.fresh);
  process.stdout.write(`\n${comparison(names, { ...columns, ...(secret && { secret }) })}\n`);
  const holds = [
    conclusion(task, 'another seed', recorded, columns.fresh, noise),
    ...(secret
      ? [conclusion(task, `another seed and a ${task.contract.secret.one}`, recorded, secret, noise)]
      : []),
  ];
  if (secret)
    say(`the ${task.contract.secret.one}: hash ${secret.world.hash}, key ${key.toString('hex')}, draw 0`);
  else say(`${task.path} has no drawWorld: nothing was measured on a ${task.contract.secret.one}`);
  return holds.every(Boolean) ? 0 : 1;
}

/** A folder of checkpoints/ may have a name of its own (`train --out`); else the id that was meant. */
const idFrom = (repo: string, asked: string | undefined) =>
  asked === undefined || findRunRecord(runDir(repo, asked)) ? asked : idOf(asked, repo);

interface Found extends Pick<Again, 'profileName' | 'sprint'> {
  run: RunSpec & { id: string };
  recorded: Verdict;
}

/** The run of that id, of a sprint or by hand, or the best one. @throws UserError where it has no verdict */
function find(task: Task, repo: string, id: string | undefined): Found {
  const sprints = readSprints(sprintsDir(repo));
  if (id === undefined) {
    for (const profileName of Object.keys(task.contract.profiles)) {
      const sprint = bestOf(sprints, leaderboardId(task, profileName));
      const run = sprint?.runs.find((one) => one.id === sprint.verdict?.run);
      if (sprint?.verdict && run) return { profileName, sprint, run, recorded: sprint.verdict };
    }
    throw new UserError('there is no verified best yet; start the loop (npm run loop), or name a run');
  }
  for (const sprint of sprints) {
    const run = sprint.runs.find((one) => one.id === id);
    const recorded = sprint.verdict?.run === id ? sprint.verdict : run?.verdict;
    if (run && recorded) return { profileName: sprint.profile, sprint, run, recorded };
  }
  const run = readSprintRun(repo, id);
  if (!run) throw new UserError(`no run "${id}" in sprints/ or checkpoints/`);
  if (!run.verdict)
    throw new UserError(
      `${id} has no verdict to compare with; judge it: npm run judge -- ${runDir(repo, id)}`,
    );
  return { profileName: readRunRecord(runDir(repo, id)).profile, sprint: null, run, recorded: run.verdict };
}

async function judged(again: Again): Promise<Verdict> {
  const { id } = await trainAgain(again);
  const { task, repo, sandbox, secretWorld } = again;
  const request = { task, repo, sandbox, runDir: runDir(repo, id), world: secretWorld?.folder };
  return await judgeAloud(request);
}

/** The same on a world that is drawn for it and removed afterwards. */
async function onSecretWorld(again: Again, key: Uint8Array): Promise<Verdict> {
  const { task, repo, profileName } = again;
  const above = mkdtempSync(join(tmpdir(), 'secret-world-'));
  try {
    const folder = join(above, 'world');
    const secretWorld: SecretWorld = await drawSecretWorld({ task, repo, profileName, key, folder });
    return await judged({ ...again, secretWorld });
  } finally {
    removeLeft(above);
  }
}

/** The secret world to check a number on; null where none was named. @throws UserError */
function publishedWorld({ key, draw }: Options): { key: Buffer; draw: number } | null {
  if (key === undefined && draw === undefined) return null;
  if (key === undefined || draw === undefined)
    throw new UserError('--key and --draw belong together: give both');
  if (!/^[0-9a-f]{64}$/.test(key)) throw new UserError('--key: must be 64 digits in hex');
  return { key: Buffer.from(key, 'hex'), draw };
}

/** Says whether the metric holds there, and returns it. */
function conclusion(task: Task, where: string, recorded: Verdict, now: Verdict, noise: number): boolean {
  const { metric, goal } = task.contract;
  const was = recorded.metrics[metric] ?? Number.NaN;
  const is = now.metrics[metric] ?? Number.NaN;
  const loss = goal === 'max' ? was - is : is - was;
  const holds = loss <= WITHIN * noise;
  const verb = holds ? 'holds' : 'does NOT hold';
  process.stdout.write(
    `${metric} ${verb} on ${where}: ${show(is, metric)}, recorded ${show(was, metric)} (${WITHIN} noises are ${show(WITHIN * noise)})\n`,
  );
  return holds;
}

await runMain(main);
