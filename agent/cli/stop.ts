import { writeFileSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { AFTER_RUN, NOW } from '../budget/stop.ts';
import { stateDir, stopPath } from '../common/paths.ts';
import { lockHolder } from '../journal/lock.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run stop --',
  'Asks the loop in this checkout to stop after its present turn. If a run is under way, it is saved, its sprint stays open, and the next "npm run loop" continues both; otherwise the sprint is reported and committed.',
)
  .option(
    '--after-run',
    'let the run under way finish first; then the sprint is judged, reported and committed',
  )
  .option('--now', 'stop at once, within the turn; the next "npm run loop" continues the open sprint')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run stop\n  npm run stop -- --after-run\n  npm run stop -- --now',
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const holder = lockHolder(stateDir(repo));
  if (!holder?.alive) throw new UserError('no loop runs in this checkout');
  const { now, afterRun } = command.opts<{ now?: boolean; afterRun?: boolean }>();
  if (now && afterRun) throw new UserError('--now and --after-run exclude each other: give one of them');
  writeFileSync(stopPath(repo), now ? NOW : afterRun ? AFTER_RUN : '');
  process.stdout.write('The loop is asked to stop. "npm run status" shows whether it has stopped.\n');
  return 0;
});
