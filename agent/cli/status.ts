import { runMain } from '#contract/errors';
import { readStatus, shownFields } from '../screen/status.ts';
import { statusLines } from '../screen/status-lines.ts';
import { parsed, program } from './arguments.ts';

const command = program(
  'npm run status --',
  'Prints the state of the loop in this checkout, while it runs and after it has ended.',
)
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExamples:\n  npm run status\n  npm run --silent status -- --json');

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { json } = command.opts<{ json?: boolean }>();
  const repo = process.cwd();
  const status = readStatus(repo);
  const text = json ? JSON.stringify(status, null, 2) : statusLines(status, shownFields(repo)).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
});
