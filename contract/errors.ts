import { outliveOutput, refusedBySystem } from './output.ts';

/**
 * A mistake of the user or of a file they can mend: one clear line (what is wrong, where, what to do).
 * Commands print the message alone, without a stack, and exit with `exitCode` (2 unless told otherwise).
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  constructor(
    message: string,
    readonly exitCode: number = 2,
  ) {
    super(message);
  }
}

/**
 * The exit code of a judge or a data service for a fault of its own: its world cannot be read, or the disk
 * fails. Nothing of a run can bring it about, so a run that is to be confirmed is not blamed for it.
 */
export const OWN_FAULT = 75;

/**
 * Runs a command's main function, also where its output fails (see outliveOutput). A UserError becomes one
 * line and its exit code, a full disk or a file that may not be written one line and exit code 1, anything
 * else a stack and exit code 1.
 */
export async function runMain(main: () => Promise<number | undefined>): Promise<void> {
  outliveOutput();
  try {
    const code = await main();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`error: ${error.message}\n`);
      process.exitCode = error.exitCode;
    } else {
      const refused = refusedBySystem(error);
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`${refused === null ? stack : `error: ${refused}`}\n`);
      process.exitCode = 1;
    }
  }
}
