import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { runMain, UserError } from '#contract/errors';
import { homeOf } from '#host/worktree';
import { stateDir, taskPath } from '../common/paths.ts';
import { printFrame, watchLoop } from '../screen/watch.ts';
import { Watcher } from '../screen/watcher.ts';
import { parsed, program, whole } from './arguments.ts';

const command = program(
  'npm run watch --',
  'Shows the loop of a checkout while it runs: sprint, call, run with bar and curves, money, time, last verdicts. It reads files alone, so the loop may run in another terminal, or on another machine that has the folder.',
)
  .argument('[folder]', 'the checkout', '.')
  .option('--once', 'print what is to be seen now, and end')
  .option('--columns <n>', 'width of what is printed; default: that of the terminal, or 80', whole(40))
  .addHelpText(
    'after',
    `
Examples:
  npm run watch
  npm run watch -- /mnt/other/checkout
  npm run --silent watch -- --once --columns 120

It ends with the loop. Ctrl-C or q ends it alone: the loop continues. Into a pipe it writes the lines of the loop's console.`,
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { once, columns } = command.opts<{ once?: boolean; columns?: number }>();
  const repo = homeOf(resolve(command.args[0] ?? '.'));
  if (!existsSync(stateDir(repo)) && !existsSync(taskPath(repo)))
    throw new UserError(`${repo}: no loop has run there (it has no state/ and no TASK.md)`);
  const { stdout, stdin } = process;
  const out = {
    isTTY: stdout.isTTY === true && process.env.TERM !== 'dumb' && process.env.NO_COLOR === undefined,
    // A terminal that does not know its size says 0.
    size: () => ({ columns: columns ?? (stdout.columns || 80), rows: stdout.rows || 24 }),
    write: (text: string) => void stdout.write(text),
  };
  const watcher = new Watcher(repo);
  if (once) {
    watcher.read();
    printFrame(watcher.now(), out);
    return 0;
  }
  const ended = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => ended.abort());
  // Keys are read one by one, and not shown. Ctrl-C is one of them then.
  if (out.isTTY && stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', (keys: Buffer) => {
      if (keys.includes('q') || keys.includes('\x03')) ended.abort();
    });
  }
  try {
    await watchLoop(watcher, out, ended.signal);
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
  return 0;
});
