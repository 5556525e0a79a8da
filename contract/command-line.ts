import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { UserError } from './errors.ts';

/** A commander command whose usage errors become UserErrors: one line, exit code 2. */
export function program(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/** Parses the arguments; null when help was asked for and is printed. @throws UserError */
export function parsed(command: Command, argv = process.argv): Command | null {
  try {
    return command.parse(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    // A second line may suggest what was meant.
    const line = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new UserError(`${line} (--help shows the options)`);
  }
}

/** For options: a whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > most) throw new InvalidArgumentError(`It must be at most ${most}.`);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}

/** For options: a number above 0; `what` names it in the error message. */
export function above0(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new InvalidArgumentError(`It must be ${what} above 0.`);
  };
}

/** For options that may be given more than once. */
export const several = (value: string, all: string[] = []): string[] => [...all, value];
