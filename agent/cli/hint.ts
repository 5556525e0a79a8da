import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run hint --',
  'Tells the researcher something: it is added to HINTS.md, which reaches the running sprint after its present turn, and every sprint after it.',
)
  .argument('<text...>', 'what to tell')
  .addHelpText('after', '\nExample:\n  npm run hint -- "Look at the rare cases first."');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const text = command.args.join(' ').trim();
  if (text === '') throw new UserError('an empty hint tells nothing (--help shows an example)');
  const repo = process.cwd();
  readTask(join(repo, 'TASK.md')); // A hint belongs to a task: this is the right folder.
  const path = join(repo, 'HINTS.md');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  appendFileSync(path, `${before === '' || before.endsWith('\n') ? '' : '\n'}- ${text}\n`);
  process.stdout.write('Added to HINTS.md.\n');
  return 0;
});
