import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { stateDir } from '../house.ts';
import { lockHolder } from '../lock.ts';
import { NOW } from '../night/stop.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run stop --',
  'Asks the loop in this checkout to stop: its turn ends, the sprint is reported and committed, then it leaves.',
)
  .option('--now', 'stop at once; the next "npm run loop" goes on with the open sprint')
  .addHelpText('after', '\nExamples:\n  npm run stop\n  npm run stop -- --now');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  const holder = lockHolder(stateDir(repo));
  if (!holder?.alive) throw new UserError('no loop runs in this checkout');
  const { now } = command.opts<{ now?: boolean }>();
  writeFileSync(join(repo, 'STOP'), now ? NOW : '');
  process.stdout.write('Asked to stop; "npm run status" shows when it has.\n');
  return 0;
});
