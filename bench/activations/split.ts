import { createHmac } from 'node:crypto';
import { type Activations, readAt, type Span, wrong } from './layout.ts';
import { INTEGER_BYTES } from './safetensors.ts';

/** Which contexts are held out: about the share of them, chosen by the key. */
export interface Split {
  key: string | Uint8Array;
  share: number;
  /** What this split holds out is in neither part of ours: not served, and not held out by us. */
  besides?: Split;
}

/** One context in ten, by a public key: anybody can say which rows a run was not trained on. */
export const SPLIT: Split = { key: 'held-out contexts', share: 0.1 };

/** Without contexts, this many rows are held out or served together: rows of one text mostly lie together. */
const BLOCK_ROWS = 1024;
/** Ids of contexts are read in pieces of this many. */
const PIECE = 1 << 16;

/** The rows that are served, in runs of neighbours. Their *rank* numbers them in the folder's order. */
export interface TrainingRows {
  rows: number;
  /** By run: the rank of its first row, and that row's number in the folder. */
  ranks: Float64Array;
  starts: Float64Array;
}

/**
 * Whether a context is held out: the first 48 bits of HMAC-SHA256(key, id in decimal), as a fraction, lie
 * below the share. It depends on nothing else, so a folder that grows keeps its split.
 */
export function isHeldOut({ key, share, besides }: Split, id: number | bigint): boolean {
  return rankOf(key, id) < share * 2 ** 48 && !(besides && isHeldOut(besides, id));
}

/** 48 bits of a context that depend on nothing but the key and its id. */
export function rankOf(key: string | Uint8Array, id: number | bigint): number {
  return createHmac('sha256', key).update(String(id)).digest().readUIntBE(0, 6);
}

const isServed = (split: Split, id: number | bigint): boolean =>
  !isHeldOut(split, id) && !(split.besides && isHeldOut(split.besides, id));

/** @throws UserError where nothing is left to train on, or nothing held out */
export function trainingRows(activations: Activations, split: Split): TrainingRows {
  const ranks: number[] = [];
  const starts: number[] = [];
  let rows = 0;
  let end = -1;
  for (const { id, row, count } of contexts(activations)) {
    if (!isServed(split, id)) continue;
    if (row !== end) {
      ranks.push(rows);
      starts.push(row);
    }
    rows += count;
    end = row + count;
  }
  const where = activations.spans[0].file.path;
  if (rows === 0) throw wrong(where, `all ${activations.rows} rows are held out; more contexts are needed`);
  if (rows === activations.rows)
    throw wrong(where, `none of ${rows} rows is held out; more contexts are needed`);
  return { rows, ranks: Float64Array.from(ranks), starts: Float64Array.from(starts) };
}

/** Neighbouring rows of one context. */
export interface ContextRun {
  id: number | bigint;
  row: number;
  count: number;
}

/** The rows that are held out, in order. @throws UserError where there are none */
export function heldOutRuns(activations: Activations, split: Split): ContextRun[] {
  const runs: ContextRun[] = [];
  for (const run of contexts(activations)) if (isHeldOut(split, run.id)) runs.push(run);
  const where = activations.spans[0].file.path;
  if (runs.length === 0)
    throw wrong(where, `none of ${activations.rows} rows is held out; more contexts are needed`);
  return runs;
}

/** All rows in order, in runs that belong to one context. */
function* contexts(activations: Activations): Generator<ContextRun> {
  const { rows, spans, contextSize } = activations;
  if (contextSize === null && spans[0].columns.has('context')) {
    let row = 0;
    for (const span of spans) {
      yield* named(span, row);
      row += span.rows;
    }
    return;
  }
  const size = contextSize ?? BLOCK_ROWS;
  for (let id = 0; id * size < rows; id++)
    yield { id, row: id * size, count: Math.min(size, rows - id * size) };
}

/** Runs of rows with the same id in the column `context`; one that goes on in the next piece is two runs. */
function* named(span: Span, start: number): Generator<ContextRun> {
  const column = span.columns.get('context');
  if (!column) throw wrong(span.file.path, 'has no column context');
  const bytes = INTEGER_BYTES[column.dtype];
  const signed = column.dtype.startsWith('I');
  for (let from = 0; from < span.rows; from += PIECE) {
    const count = Math.min(PIECE, span.rows - from);
    const piece = readAt(span.file, column.at + from * bytes, count * bytes, 'the column context');
    const idAt = (index: number): bigint => {
      if (bytes === 8) return signed ? piece.readBigInt64LE(index * 8) : piece.readBigUInt64LE(index * 8);
      return BigInt(signed ? piece.readIntLE(index * bytes, bytes) : piece.readUIntLE(index * bytes, bytes));
    };
    let first = 0;
    let id = idAt(0);
    for (let index = 1; index <= count; index++) {
      const next = index < count ? idAt(index) : null;
      if (next === id) continue;
      yield { id, row: start + from + first, count: index - first };
      first = index;
      if (next !== null) id = next;
    }
  }
}
