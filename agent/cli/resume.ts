import { rmSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { isPaused } from '../budget/pause.ts';
import { pausePath, stateDir } from '../common/paths.ts';
import { lockHolder } from '../journal/lock.ts';
import { parsed, program } from './arguments.ts';

const command = program('npm run resume --', 'Ends the pause that "npm run pause" began.').addHelpText(
  'after',
  '\nExample:\n  npm run resume',
);

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  if (!isPaused(repo)) throw new UserError('the loop in this checkout is not paused');
  rmSync(pausePath(repo), { force: true });
  const runs = lockHolder(stateDir(repo))?.alive;
  process.stdout.write(
    runs ? 'The loop continues.\n' : 'The pause is over; "npm run loop" starts the loop.\n',
  );
  return 0;
});
