import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { hintsPath, taskPath } from '../common/paths.ts';
import { MAX_CHARS } from '../open-sprint/hints.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run hint --',
  'Gives the researcher a hint: adds it to HINTS.md. The open sprint reads it after the present turn, and every later sprint reads it.',
)
  .argument('<text...>', 'the hint')
  .addHelpText('after', '\nExample:\n  npm run hint -- "Look at the rare cases first."');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const text = command.args.join(' ').trim();
  if (text === '') throw new UserError('the hint is empty (--help shows an example)');
  const repo = process.cwd();
  readTask(taskPath(repo)); // Throws in a folder without a task.
  const path = hintsPath(repo);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const added = `${before === '' || before.endsWith('\n') ? '' : '\n'}- ${text}\n`;
  appendFileSync(path, added);
  process.stdout.write('Added to HINTS.md.\n');
  if (before.length + added.length > MAX_CHARS)
    process.stderr.write(
      `warning: HINTS.md is longer than ${MAX_CHARS} characters, and only its end is read; remove old hints\n`,
    );
  return 0;
});
