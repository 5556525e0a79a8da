import { isatty } from 'node:tty';
import { UserError } from './errors.ts';

/** Commands whose output is no text have this option. */
export const TO_TERMINAL = ['--to-terminal', 'write binary data to a terminal too', false] as const;

/**
 * For a command whose output is no text: a terminal would show it as garbage, without end.
 * @param what what the command writes, in words
 * @param instead where it may go, in words
 * @throws UserError where standard output is a terminal
 */
export function refuseTerminalOutput(what: string, instead: string, isTerminal = isatty): void {
  if (isTerminal(1))
    throw new UserError(
      `standard output is a terminal, and ${what} are binary: ${instead}, or --to-terminal to write them here`,
    );
}

/**
 * For a command that reads binary data: nobody can type it.
 * @throws UserError where standard input is a terminal
 */
export function refuseTerminalInput(what: string, instead: string, isTerminal = isatty): void {
  if (isTerminal(0))
    throw new UserError(`standard input is a terminal, where ${what} are expected: ${instead}`);
}
