import { InvalidArgumentError } from 'commander';
import { type BatchReader, openStream } from '#bench/stream/reader';
import { UserError } from '#contract/errors';

/** A parser for commander's options: JSON objects. */
export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  throw new InvalidArgumentError('must be a JSON object');
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
