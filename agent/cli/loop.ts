import { InvalidArgumentError, Option } from 'commander';
import { above0 } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { EXIT_CODES } from '#contract/stop';
import { withEngineOptions } from '#host/engine-options';
import { CLOSING_TURNS } from '../budget/caps.ts';
import { stateDir } from '../common/paths.ts';
import type { AskedTarget, LoopOptions } from '../config/config.ts';
import { lockPath, refuseSecond } from '../journal/lock.ts';
import { runLoop } from '../loop.ts';
import { consoleOver } from '../screen/console.ts';
import { logOver } from '../screen/log.ts';
import { dryRun } from '../start/dry.ts';
import { preflight } from '../start/preflight.ts';
import { tensorboardOver } from '../tensorboard/live.ts';
import { parsed, program, whole } from './arguments.ts';
import { abortable } from './interrupt.ts';
import { offer } from './offer.ts';

const amount = (text: string) => {
  if (text === 'none') return text;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be an amount above 0, or "none".');
};

const target = (text: string): AskedTarget => {
  const [, metric, sign, number] = /^([a-z]\w*)(=|>=|<=)([+-]?[\d.]+(?:e[+-]?\d+)?)$/i.exec(text) ?? [];
  const value = Number(number);
  if (metric && Number.isFinite(value)) return { metric, sign: sign as AskedTarget['sign'], value };
  throw new InvalidArgumentError('It must be a metric and a number, like accuracy=0.99 or "size<=20".');
};
const hours = above0('a number of hours');

const command = program(
  'npm run loop --',
  'Runs the research loop of TASK.md on a run branch. Each sprint is judged, reported and committed there.',
)
  .addOption(
    new Option(
      '--researcher <who>',
      'claude (needs ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN or a cloud: docs/claude.md) or offline (the offline replay); default: claude where a credential is set',
    ).choices(['claude', 'offline']),
  )
  .option(
    '--researchers <n>',
    'how many conversations work side by side, each in a worktree of its own, within the same limits (docs/scale.md)',
    whole(1),
    1,
  )
  .option(
    '--profile <name>',
    'profile of TASK.md; default: for Claude the first that this machine can run, for the replay its defaultProfile',
  )
  .option(
    '--start <from>',
    'workspace that a new run branch starts from: best-known (yours), baseline, or with --new that of a run, a run branch or a commit; default: best-known for Claude, baseline for the replay',
  )
  .option('--new', 'start a new run branch instead of continuing the last one')
  .option(
    '--take-over',
    'for unattended restarts: also take over from a loop on another machine once its heartbeat has stopped',
  )
  .option('--dry', 'print the plan, the measured speed and the estimated cost; change nothing in git')
  .option('--max-sprints <n>', 'stop after this many sprints; those before a restart count', whole(1))
  .option('--max-usd <amount>', 'money limit in US dollars, or "none"; default: TASK.md', amount)
  .option('--max-tokens <n>', 'limit of tokens: input and output of all calls together', whole(1))
  .option('--train-hours <h>', 'limit of hours for all training runs together', hours)
  .addOption(new Option('--gpu-hours <h>').argParser(hours).hideHelp())
  .option(
    '--sprint-usd <amount>',
    `money limit of one sprint; at the limit it has ${CLOSING_TURNS} turns left to finish; default: TASK.md`,
    above0('an amount'),
  )
  .option('--sprint-hours <h>', 'limit of hours for one sprint; default: TASK.md', hours)
  .option(
    '--target <metric=value>',
    'stop when a verdict of the best reaches this value: accuracy=0.99; for other metrics of the task: "size<=20" or "size>=20"',
    target,
  )
  .option('--until <HH:MM>', 'stop at this time of day; default: after limits.hours of TASK.md')
  .option(
    '--notify <command or URL>',
    'gets a JSON message on each new best, on trouble and at the end (also: LOOP_NOTIFY)',
  )
  .option('--tensorboard', 'write event files of every run for TensorBoard, in reports/tensorboard')
  .option('--model <name>', 'model of the researcher; default: TASK.md')
  .addOption(
    new Option(
      '--via <way>',
      'how to reach Claude: the API (or a gateway, ANTHROPIC_BASE_URL), Amazon Bedrock or Google Cloud; default: from the environment variables',
    ).choices(['api', 'bedrock', 'google']),
  )
  .option('--no-web', 'switch off server-side web search and fetch for Claude')
  .addOption(
    new Option(
      '--sandbox <how>',
      'auto: commands of the researcher and runs are confined by bubblewrap; off: no sandbox',
    )
      .choices(['auto', 'off'])
      .default('auto'),
  )
  .option('--seed <n>', 'seed of runs that are started without a seed', whole(0), 0)
  .addHelpText(
    'after',
    `
Examples:
  npm run loop                                       Claude if a credential is set, otherwise the offline replay
  npm run loop -- --dry                              print the plan, the speed and the cost
  npm run loop -- --until 07:30 --max-usd 20         a night with Claude
  npm run loop -- --new --start run/2026-02-19       a new night from the best of an earlier one
  npm run loop -- --researcher offline --max-sprints 2

Ctrl-C or SIGTERM once: the turn ends. If a run is under way, it is saved, its sprint stays open, and the next start continues both;
otherwise the sprint is reported and committed. Twice, more than a second apart: everything ends at once. From another terminal:
npm run stop, npm run stop -- --after-run (the run under way finishes first), npm run stop -- --now.

Exit codes: 0 a limit is reached, nothing is left to be tried, or npm run stop · 1 a fault of the loop itself · 2 bad input
  · 3 key refused or no credit · 4 three equal failures, or three conversations without a sprint · 5 no gain for too many sprints
  · 6 disk nearly full · 130 Ctrl-C · 143 SIGTERM. docs/exit-codes.md tells how to distinguish reasons that share a code.`,
  );

interface Flags {
  researcher?: 'claude' | 'offline';
  researchers: number;
  profile?: string;
  start?: string;
  new?: boolean;
  takeOver?: boolean;
  dry?: boolean;
  maxSprints?: number;
  maxUsd?: number | 'none';
  maxTokens?: number;
  trainHours?: number;
  /** The old name of `trainHours`. */
  gpuHours?: number;
  sprintUsd?: number;
  sprintHours?: number;
  notify?: string;
  tensorboard?: boolean;
  target?: AskedTarget;
  until?: string;
  model?: string;
  via?: 'api' | 'bedrock' | 'google';
  web: boolean;
  sandbox: 'auto' | 'off';
  seed: number;
}

await runMain(async () => {
  if (!parsed(withEngineOptions(command))) return 0;
  const flags = command.opts<Flags>();
  const options: LoopOptions = {
    repo: process.cwd(),
    researcher: flags.researcher ?? null,
    profile: flags.profile ?? null,
    start: flags.start ?? null,
    fresh: flags.new ?? false,
    maxSprints: flags.maxSprints ?? null,
    maxUsd: flags.maxUsd ?? null,
    maxTokens: flags.maxTokens ?? null,
    trainHours: flags.trainHours ?? flags.gpuHours ?? null,
    sprintUsd: flags.sprintUsd ?? null,
    sprintHours: flags.sprintHours ?? null,
    notify: flags.notify ?? (process.env.LOOP_NOTIFY?.trim() || null),
    target: flags.target ?? null,
    until: flags.until ?? null,
    model: flags.model ?? null,
    via: flags.via ?? null,
    web: flags.web,
    sandbox: flags.sandbox,
    seed: flags.seed,
    researchers: flags.researchers,
  };
  const renamed =
    flags.gpuHours === undefined ? [] : ['--gpu-hours is now called --train-hours; the old name still works'];
  const plan = await preflight(options);
  for (const line of [...renamed, ...(plan.task.renamed ?? [])]) process.stdout.write(`${line}\n`);
  if (flags.dry) {
    return abortable((signal) => dryRun(plan, (line) => process.stdout.write(`${line}\n`), signal));
  }
  // Refuse a second loop before the costs are offered.
  const lock = {
    takeOver: flags.takeOver ?? false,
    onWait: (text: string) => process.stdout.write(`${text}\n`),
  };
  await refuseSecond(lockPath(stateDir(plan.repo)), lock);
  if (plan.profileWhy) process.stdout.write(`profile ${plan.profileName}: ${plan.profileWhy}\n`);
  if (!(await offer(plan, process.stdout))) return EXIT_CODES.interrupt;
  const listeners = [logOver, consoleOver, ...(flags.tensorboard ? [tensorboardOver] : [])];
  return runLoop(plan, { listeners, lock });
});
