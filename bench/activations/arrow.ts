import { Schema } from 'apache-arrow';
import { type Decoded, decodeMetadata, TooManyEntries } from './arrow-metadata.ts';
import { numberType, placeOf, tokensAt } from './arrow-schema.ts';
import {
  type Column,
  NUMBER_BYTES,
  type NumberType,
  readAt,
  type ShardFile,
  type Span,
  wrong,
} from './layout.ts';

/** Offsets of lists are checked in pieces of this many. */
const PIECE = 1 << 16;
const CONTINUES = 0xffffffff;
/** The largest metadata of a message that is read: a schema of many columns has some KB. */
const MAX_METADATA = 1 << 26;

/** What `dataset_info.json` says of the column of activations. */
export interface HookColumn {
  name: string;
  contextSize: number;
  d: number;
}

/** A record batch's metadata: how long each array is, and where its buffers lie in the body. */
interface Batch {
  nodes: readonly { length: number; nullCount: number }[];
  buffers: readonly { offset: number; length: number }[];
  /** Position and length of the body in the file. */
  body: number;
  bodyLength: number;
  /** Its first row, counted within the file. */
  first: number;
}

/**
 * The spans of a shard of a Hugging Face `Dataset` on disk, one for each record batch. The file is an Arrow
 * IPC stream; its messages are read, and the offsets of its lists, but no activations.
 * @throws UserError
 */
export function readArrowShard(file: ShardFile, hook: HookColumn): { dtype: NumberType; spans: Span[] } {
  const spans: Span[] = [];
  let schema: Schema | null = null;
  let first = 0;
  for (const { header, body, bodyLength } of messages(file, () => first)) {
    if (header instanceof Schema) schema = header;
    else if (schema === null) throw wrong(file.path, 'a record batch before the schema');
    // Dictionaries belong to other columns.
    if (!('nodes' in header) || 'isDelta' in header) continue;
    const { nodes, buffers, compression } = header;
    if (compression !== null) throw wrong(file.path, 'its record batches are compressed; save them without');
    if (body + bodyLength > file.bytes)
      throw wrong(file.path, `cut off in the record batch that begins with row ${first} (counted from 0)`);
    const span = spanOf(file, schema as Schema, { nodes, buffers, body, bodyLength, first }, hook);
    if (span.rows > 0) spans.push(span);
    first += span.rows;
  }
  if (schema === null) throw wrong(file.path, 'has no schema');
  return { dtype: numberType(file, schema, hook.name), spans };
}

interface Part extends Decoded {
  /** The position of its body in the file. */
  body: number;
}

/** The messages of an IPC stream. `row`: the first row of the next record batch, for what is said of it. */
function* messages(file: ShardFile, row: () => number): Generator<Part> {
  for (let at = 0; ; ) {
    if (at + 8 > file.bytes)
      throw wrong(file.path, `cut off at byte ${file.bytes}: the end of an Arrow stream is missing`);
    const head = readAt(file, at, 8, 'an Arrow message');
    const length = head.readUInt32LE(4);
    if (head.readUInt32LE(0) !== CONTINUES || length > MAX_METADATA || at + 8 + length > file.bytes)
      throw wrong(file.path, `not an Arrow stream, or cut off: no message at byte ${at}`);
    if (length === 0) return;
    const part = decoded(file, at, length, row());
    yield part;
    at = part.body + part.bodyLength;
  }
}

function decoded(file: ShardFile, at: number, length: number, row: number): Part {
  const where = `the Arrow message at byte ${at}, before row ${row} (counted from 0),`;
  try {
    const part = decodeMetadata(readAt(file, at + 8, length, 'the metadata of an Arrow message'));
    if (part !== null) return { ...part, body: at + 8 + length };
  } catch (error) {
    if (!(error instanceof TooManyEntries)) throw error;
    throw wrong(file.path, `${where} has ${error.message}`);
  }
  throw wrong(file.path, `${where} cannot be read`);
}

function spanOf(file: ShardFile, schema: Schema, batch: Batch, hook: HookColumn): Span {
  const { contextSize, d } = hook;
  const { node, buffer } = placeOf(file, schema, hook.name);
  const bytes = NUMBER_BYTES[numberType(file, schema, hook.name)];
  const [contexts, rows, numbers] = batch.nodes.slice(node, node + 3);
  if (numbers === undefined || contexts.nullCount + rows.nullCount + numbers.nullCount !== 0)
    throw wrong(file.path, `${hook.name} has missing values after row ${batch.first} (counted from 0)`);
  const count = contexts.length * contextSize;
  // Buffers: validity and offsets of the contexts, the same of their rows, then validity and numbers.
  const offsets = (index: number, lists: number): number =>
    position(file, batch, index, lists === 0 ? 0 : (lists + 1) * 4);
  regular(file, offsets(buffer + 1, contexts.length), contexts.length, contextSize, (context, found) => {
    const row = batch.first + context * contextSize;
    return `the context that begins with row ${row} (counted from 0) has ${found}, ${contextSize} expected`;
  });
  regular(file, offsets(buffer + 3, count), count, d, (row, found) => {
    return `row ${batch.first + row} (counted from 0) has ${found} numbers, ${d} expected`;
  });
  const columns = new Map<string, Column>();
  const tokens = tokensAt(file, schema, contextSize);
  if (tokens !== null) columns.set('tokens', { dtype: 'I32', at: position(file, batch, tokens, count * 4) });
  const at = position(file, batch, buffer + 5, count * d * bytes);
  return { file, first: batch.first, rows: count, at, columns };
}

/** The position in the file of a buffer of at least so many bytes. */
function position(
  file: ShardFile,
  { buffers, body, bodyLength, first }: Batch,
  index: number,
  bytes: number,
): number {
  const { offset = -1, length = 0 } = buffers[index] ?? {};
  if (offset < 0 || length < bytes || offset + length > bodyLength)
    throw wrong(file.path, `a buffer of the record batch that begins with row ${first} is too small`);
  return body + offset;
}

/** Checks that each of `count` lists has `width` entries, and that they lie one after the other from 0 on. */
function regular(
  file: ShardFile,
  at: number,
  count: number,
  width: number,
  otherwise: (list: number, found: number) => string,
): void {
  for (let from = 0; from < count; from += PIECE) {
    const lists = Math.min(PIECE, count - from);
    const bytes = readAt(file, at + from * 4, (lists + 1) * 4, 'the offsets of its lists');
    if (from === 0 && bytes.readInt32LE(0) !== 0)
      throw wrong(file.path, `its lists begin at entry ${bytes.readInt32LE(0)}, not at 0`);
    for (let list = 0; list < lists; list++) {
      const found = bytes.readInt32LE((list + 1) * 4) - bytes.readInt32LE(list * 4);
      if (found !== width) throw wrong(file.path, otherwise(from + list, found));
    }
  }
}
