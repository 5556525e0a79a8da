import { fstatSync, openSync, readSync, statSync } from 'node:fs';
import { UserError } from '#contract/errors';

/** How the numbers of x are stored, by safetensors' names. */
export type NumberType = 'F32' | 'F16' | 'BF16';

export const NUMBER_BYTES: Readonly<Record<NumberType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** An open shard. */
export interface ShardFile {
  path: string;
  fd: number;
  bytes: number;
}

/** One number for each row of a span, at a position of its file. */
export interface Column {
  dtype: string;
  at: number;
}

/** Rows that lie one after the other in a file: a record batch, or a whole safetensors shard. */
export interface Span {
  file: ShardFile;
  /** Its first row, counted within the file. */
  first: number;
  rows: number;
  /** Position of the first row's numbers in the file. */
  at: number;
  columns: ReadonlyMap<string, Column>;
}

/** A folder of shards: rows are numbered from 0 through all spans. */
export interface Activations {
  d: number;
  dtype: NumberType;
  spans: readonly Span[];
  rows: number;
  /** Rows of each context, where all are as long; null: the column `context` names them, or nothing does. */
  contextSize: number | null;
}

/** An error of a folder or one of its files, in one line. */
export function wrong(path: string, what: string): UserError {
  return new UserError(`${path}: ${what}`);
}

/** Shards stay open: one that is removed while it is served can still be read. @throws UserError */
export function openShard(path: string): ShardFile {
  try {
    // Asked first: to open a named pipe waits for one that writes into it.
    if (!statSync(path).isFile()) throw wrong(path, 'is not a file');
    const fd = openSync(path, 'r');
    return { path, fd, bytes: fstatSync(fd).size };
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw wrong(path, 'this shard is missing');
    const remedy = code === 'EMFILE' ? ': too many shards for the limit of open files (ulimit -n)' : '';
    throw wrong(path, `cannot be opened (${code ?? 'unknown error'})${remedy}`);
  }
}

/** @throws UserError where the file ends before */
export function readAt({ path, fd }: ShardFile, at: number, length: number, what: string): Buffer {
  const bytes = Buffer.alloc(length);
  for (let have = 0; have < length; ) {
    const read = readSync(fd, bytes, have, length - have, at + have);
    if (read === 0) throw wrong(path, `ends at byte ${at + have}, within ${what}`);
    have += read;
  }
  return bytes;
}
