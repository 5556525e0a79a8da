import { Command } from 'commander';
import { runMain } from '#contract/errors';
import { outliveOutput } from '#contract/output';
import { startMessagesServer } from './server.ts';
import { MODEL, walk } from './walk.ts';

// node --import tsx replay/main.ts < /dev/null      ends at once
// node --import tsx replay/main.ts                  ends with ctrl-D

// Called first, because commander prints the help before any main function runs.
outliveOutput();
new Command('replay')
  .description(
    `The offline researcher (model "${MODEL}", no model at all): serves the Messages API on loopback and follows the published path.`,
  )
  .addHelpText(
    'after',
    `
Prints {"url":"http://127.0.0.1:PORT"} as its first line and ends when its standard input closes.

Examples:
  $ npm run loop -- --researcher offline        started by the loop
  $ node --import tsx replay/main.ts            by hand; set a client's base URL to it, with any key`,
  )
  .action(() =>
    runMain(async () => {
      const server = await startMessagesServer((request) => walk(request));
      process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
      // The supervisor holds the other end of standard input: this process ends with it, however the
      // supervisor ends.
      await new Promise<void>((resolve) => {
        process.stdin
          .on('end', resolve)
          .on('close', resolve)
          .on('error', () => resolve())
          .resume();
      });
      await server.close();
      return 0;
    }),
  )
  .parse();
