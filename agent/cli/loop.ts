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
  'Runs the research loop of TASK.md: sprint after sprint, each judged, reported and committed on a branch of its own.',
)
  .addOption(
    new Option(
      '--researcher <who>',
      'Claude (needs ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN or a cloud: docs/claude.md) or the offline replay; default: Claude where there is one',
    ).choices(['claude', 'offline']),
  )
  .option('--profile <name>', 'profile of TASK.md; default: the first that this machine can run')
  .addOption(
    new Option(
      '--start <from>',
      'what the workspace begins with; default: best-known for Claude, baseline for the replay',
    ).choices(['best-known', 'baseline']),
  )
  .option('--new', 'start another run branch instead of going on with the last one')
  .option(
    '--take-over',
    'for unattended restarts: also take over from a loop on another machine, once that gives no sign of life',
  )
  .option('--dry', 'show what would be done and what the night would cost; change nothing in git')
  .option('--max-sprints <n>', 'stop after this many sprints', whole(1))
  .option('--max-usd <amount>', 'money limit in US dollars, or "none"; default: TASK.md', amount)
  .option('--max-tokens <n>', 'token limit, input and output of all calls', whole(1))
  .option('--train-hours <h>', 'hours that training runs may take, all together', hours)
  .addOption(new Option('--gpu-hours <h>').argParser(hours).hideHelp())
  .option(
    '--sprint-usd <amount>',
    `money of one sprint, after which it has ${CLOSING_TURNS} turns to close; default: TASK.md`,
    above0('an amount'),
  )
  .option('--sprint-hours <h>', 'hours of one sprint; default: TASK.md', hours)
  .option(
    '--target <metric=value>',
    'stop when the best is verified at this value: accuracy=0.99; other fields of the task as "size<=20" or "size>=20"',
    target,
  )
  .option('--until <HH:MM>', 'stop at this time of day; default: the hours of TASK.md')
  .option('--notify <command or URL>', 'told as JSON of new bests, trouble and the end (also: LOOP_NOTIFY)')
  .option('--model <name>', 'model of the researcher; default: TASK.md')
  .addOption(
    new Option(
      '--via <way>',
      'how Claude is reached: the API (or a gateway, ANTHROPIC_BASE_URL), Amazon Bedrock or Google Cloud; default: as the environment says',
    ).choices(['api', 'bedrock', 'google']),
  )
  .option('--no-web', 'no server-side web search and fetch for Claude')
  .addOption(
    new Option('--sandbox <how>', 'bubblewrap for Claude, unless it is switched off')
      .choices(['auto', 'off'])
      .default('auto'),
  )
  .option('--seed <n>', 'seed of runs that name none', whole(0), 0)
  .addHelpText(
    'after',
    `
Examples:
  npm run loop                                       the offline replay, or Claude where there is a key
  npm run loop -- --dry                              what would be done, at which speed and cost
  npm run loop -- --until 07:30 --max-usd 20         a night with Claude
  npm run loop -- --researcher offline --max-sprints 2

Ctrl-C or SIGTERM, once: the turn ends; a run under way is saved, its sprint stays open, and the next start goes on with both; where
nothing trains, the sprint is reported and committed. Twice, more than a second apart: everything ends now. From another terminal:
npm run stop, npm run stop -- --after-run (the run under way finishes first), npm run stop -- --now.

Exit codes: 0 a limit is reached, nothing is left to be tried, or npm run stop · 1 a fault of the loop itself · 2 bad input
  · 3 key refused or no credit · 4 three equal failures, or three conversations without a sprint · 5 no gain for too many sprints
  · 6 disk nearly full · 130 Ctrl-C · 143 SIGTERM. docs/exit-codes.md tells how to distinguish reasons that share a code.`,
  );

interface Flags {
  researcher?: 'claude' | 'offline';
  profile?: string;
  start?: 'best-known' | 'baseline';
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
  };
  const renamed =
    flags.gpuHours === undefined ? [] : ['--gpu-hours is --train-hours now; the old name still works'];
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
  return runLoop(plan, { listeners: [logOver, consoleOver], lock });
});
