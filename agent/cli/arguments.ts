import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { UserError } from '#contract/errors';
import type { Settings } from '#contract/run';
import { settingsFrom } from '#contract/settings';

/** A command of commander's whose mistakes are UserErrors: one line, exit code 2. */
export function program(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/** Parses the arguments; false when help was asked for and is printed. @throws UserError */
export function parsed(command: Command, argv = process.argv): boolean {
  try {
    command.parse(argv);
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    // A second line may suggest what was meant.
    const line = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new UserError(`${line} (--help shows the options)`);
  }
}

/** For options: a whole number of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
  };
}

/** How the code of the workspace is confined. */
export const sandboxOption = () =>
  new Option(
    '--sandbox <how>',
    'bubblewrap for the code of the workspace where it works, unless it is switched off',
  )
    .choices(['auto', 'off'])
    .default('auto');

/** For --set, which may be given more than once: "key=value". */
export function setting(pair: string, all: Settings): Settings {
  if (pair.indexOf('=') < 1) throw new InvalidArgumentError('It must be key=value.');
  return { ...all, ...settingsFrom([pair]) };
}
