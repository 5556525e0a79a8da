import { mkdirSync, writeFileSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { pausePath, stateDir } from '../common/paths.ts';
import { lockHolder } from '../journal/lock.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run pause',
  'Pauses the loop in this checkout: after its present turn it makes no call and starts no run, until "npm run resume". A run under way goes on, and so do the limits of time.',
).addHelpText('after', '\nExamples:\n  npm run pause\n  npm run resume');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  if (!lockHolder(stateDir(repo))?.alive) throw new UserError('no loop runs in this checkout');
  mkdirSync(stateDir(repo), { recursive: true });
  writeFileSync(pausePath(repo), '', { flag: 'a' });
  process.stdout.write(
    'Paused after the present turn, also over a restart, until "npm run resume". A run under way goes on; so does the clock of the limits.\n',
  );
  return 0;
});
