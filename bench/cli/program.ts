import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { UserError } from '#contract/errors';

/** A commander program whose mistakes are UserErrors: one line, exit code 2. */
export function program(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(false);
}

/** Parses the arguments; null when help was asked for and printed. @throws UserError */
export function parsed(command: Command, argv = process.argv): Command | null {
  try {
    return command.parse(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw new UserError(`${error.message.replace(/^error: /, '')} (--help shows the options)`);
  }
}

/** A parser of whole numbers from `least` up, to `most`, for commander's options. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > most) throw new InvalidArgumentError(`at most ${most} is expected.`);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`a whole number of at least ${least} is expected.`);
    }
    return value;
  };
}

/** Lets SIGINT and SIGTERM end the process the ordinary way, so that its children are ended with it. */
export function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

let listening = false;

/** Prints to standard output; a reader that has seen enough (`| head`) is no mistake. */
export function print(text: string): void {
  if (!listening) {
    listening = true;
    // Node warns of a leak beyond ten; each thread that runs is one of them.
    process.stdout.setMaxListeners(0);
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.stdout.write(text);
}
