import { type Command, CommanderError, InvalidArgumentError } from 'commander';
import { type BatchReader, openStream } from '#bench/stream/reader';
import { UserError } from '#contract/errors';

/**
 * Parses the command line. Returns false if help was printed.
 * @throws UserError for an unknown option or a wrong value
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

/** A parser for commander's options: whole numbers of at least `least`. */
export const whole = (least: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new InvalidArgumentError(`must be a whole number of at least ${least}`);
  }
  return value;
};

/** A parser for commander's options: numbers above 0. */
export function above0(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

/** A parser for commander's options: JSON objects. */
export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  throw new InvalidArgumentError('must be a JSON object');
}

/** Collects the values of an option that may be repeated. */
export function repeated(value: string, all: string[]): string[] {
  return [...all, value];
}

/** The file descriptor of the data stream. @throws UserError if $LOOP_DATA_FD names none */
export function dataDescriptor(): number {
  const text = process.env.LOOP_DATA_FD;
  if (!text || !/^\d+$/.test(text)) {
    throw new UserError('no data: LOOP_DATA_FD names no file descriptor; by hand use `npm run train -- ...`');
  }
  return Number(text);
}

/** Opens the data stream. @throws UserError if the descriptor has none */
export function openData(fd: number): BatchReader {
  try {
    return openStream(fd);
  } catch (error) {
    throw new UserError(`LOOP_DATA_FD=${fd}: ${(error as Error).message}`);
  }
}
