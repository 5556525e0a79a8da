import { type Command, CommanderError } from 'commander';
import { UserError } from '#contract/errors';

/**
 * Parses the command line. False when help was asked for and printed.
 * @throws UserError, one line, for an option that does not exist or a value that does not fit.
 */
export function parseArguments(program: Command): boolean {
  program.exitOverride().configureOutput({ outputError: () => undefined });
  try {
    program.parse();
    return true;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return false;
    throw new UserError(error.message.replace(/^error: /, ''));
  }
}
