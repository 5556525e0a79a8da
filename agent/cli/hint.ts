import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { runMain, UserError } from '#contract/errors';
import { readTask } from '#contract/task';
import { hintsPath, taskPath } from '../common/paths.ts';
import { MAX_CHARS } from '../ledger/hint-file.ts';
import { OFFLINE } from '../researcher/connection.ts';
import { hintList, NO_HINTS } from '../screen/hints.ts';
import { readStatus, type Status } from '../screen/status.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run hint --',
  'Gives the researcher a hint: adds it to HINTS.md. The open sprint reads it after the present turn, and every later sprint reads it.',
)
  .argument('[text...]', 'the hint')
  .option('--list', 'say of each hint which sprints have read it, what they answered, and how they ended')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run hint -- "Look at the rare cases first."\n  npm run hint -- --list',
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const text = command.args.join(' ').trim();
  const { list } = command.opts<{ list?: boolean }>();
  const repo = process.cwd();
  if (list && text !== '') throw new UserError('--list gives no hint; leave it out to give one');
  if (list) {
    process.stdout.write(`${hintList(readStatus(repo).hints).join('\n')}\n`);
    return 0;
  }
  if (text === '') throw new UserError('the hint is empty (--help shows an example)');
  readTask(taskPath(repo)); // Throws in a folder without a task.
  const path = hintsPath(repo);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const added = `${before === '' || before.endsWith('\n') ? '' : '\n'}- ${text}\n`;
  appendFileSync(path, added);
  process.stdout.write(`Added to HINTS.md.${answer(readStatus(repo))}\n`);
  if (before.length + added.length > MAX_CHARS)
    process.stderr.write(
      `warning: HINTS.md is longer than ${MAX_CHARS} characters, and only its end is read; remove old hints\n`,
    );
  return 0;
});

/** What the researcher of the loop makes of a hint, where that is known. */
function answer({ loop, researcher }: Status): string {
  if (researcher !== OFFLINE) return '';
  return loop === 'running'
    ? ` But ${NO_HINTS}; a night with Claude can.`
    : ` The last loop was of the offline replay: ${NO_HINTS}; a night with Claude can.`;
}
