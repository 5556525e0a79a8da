import { mkdirSync, writeFileSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { pausePath, stateDir } from '../common/paths.ts';
import { lockHolder } from '../journal/lock.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run pause --',
  'Pauses the loop in this checkout: after its present turn it makes no call and starts no run until "npm run resume". A run under way continues. The time limits continue to count.',
).addHelpText('after', '\nExamples:\n  npm run pause\n  npm run resume');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const repo = process.cwd();
  if (!lockHolder(stateDir(repo))?.alive) throw new UserError('no loop runs in this checkout');
  mkdirSync(stateDir(repo), { recursive: true });
  writeFileSync(pausePath(repo), '', { flag: 'a' });
  process.stdout.write(
    'The loop pauses after its present turn, until "npm run resume"; a restart does not end the pause. A run under way continues. The time limits continue to count.\n',
  );
  return 0;
});
