import { type Activations, NUMBER_BYTES, readAt, type Span, wrong } from './layout.ts';
import { rowCopy } from './numbers.ts';
import { type Piece, RowPlaces } from './pieces.ts';
import { INTEGER_BYTES } from './safetensors.ts';

/** Rows of a column that are read at once, with those between that nobody asked for. */
const PIECE = 1 << 16;
/** A gap of more rows than this is not read. */
const GAP = 1024;

/** Reads single rows of a folder, by their numbers. */
export class RowReader {
  private readonly places: RowPlaces;
  /** The rows that were asked for last, and their order: a folder may have 200 columns of labels. */
  private sorted: { rows: ArrayLike<number>; order: Uint32Array } | null = null;

  constructor(private readonly activations: Activations) {
    this.places = new RowPlaces(activations.spans);
  }

  /** The activations of these rows, [rows, d]. @throws UserError where one is not finite */
  x(rows: ArrayLike<number>): Float32Array {
    const { d, dtype } = this.activations;
    const size = d * NUMBER_BYTES[dtype];
    const bytes = new Uint8Array(rows.length * size);
    for (let at = 0; at < rows.length; at++) {
      const { span, row } = this.piece(rows[at]);
      bytes.set(readAt(span.file, span.at + row * size, size, 'a row'), at * size);
    }
    const copy = rowCopy(dtype, bytes.buffer, d);
    const out = new Float32Array(rows.length * d);
    for (let at = 0; at < rows.length; at++) {
      if (copy(at, out, at * d)) continue;
      const { span, row } = this.piece(rows[at]);
      throw wrong(span.file.path, `row ${span.first + row} has a number that is not finite (counted from 0)`);
    }
    return out;
  }

  /** The numbers of a column at these rows. */
  column(name: string, rows: ArrayLike<number>): Float64Array {
    const order = this.orderOf(rows);
    const out = new Float64Array(rows.length);
    for (let first = 0; first < order.length; ) {
      const start = rows[order[first]];
      let end = first + 1;
      while (end < order.length && this.together(start, rows[order[end - 1]], rows[order[end]])) end++;
      const pieces: Piece[] = [];
      this.places.add(pieces, start, rows[order[end - 1]] + 1 - start);
      let row = start;
      for (const piece of pieces) {
        const numbers = numbersOf(piece, name);
        for (; first < end && rows[order[first]] < row + piece.rows; first++)
          out[order[first]] = Number(numbers[rows[order[first]] - row]);
        row += piece.rows;
      }
    }
    return out;
  }

  /** The caller does not change rows that it asks for again. */
  private orderOf(rows: ArrayLike<number>): Uint32Array {
    if (this.sorted?.rows !== rows) {
      const order = Uint32Array.from(rows, (_, at) => at).sort((a, b) => rows[a] - rows[b]);
      this.sorted = { rows, order };
    }
    return this.sorted.order;
  }

  private together(start: number, before: number, next: number): boolean {
    return next - before <= GAP && next - start < PIECE;
  }

  private piece(row: number): { span: Span; row: number } {
    const pieces: Piece[] = [];
    this.places.add(pieces, row, 1);
    return pieces[0];
  }
}

function numbersOf({ span, row, rows }: Piece, name: string): ArrayLike<number | bigint> {
  const column = span.columns.get(name);
  if (!column) throw wrong(span.file.path, `has no column ${name}`);
  const size = INTEGER_BYTES[column.dtype];
  const { buffer } = readAt(span.file, column.at + row * size, rows * size, `the column ${name}`);
  return typed(column.dtype, buffer as ArrayBuffer);
}

function typed(dtype: string, bytes: ArrayBuffer): ArrayLike<number | bigint> {
  switch (dtype) {
    case 'I8':
      return new Int8Array(bytes);
    case 'I16':
      return new Int16Array(bytes);
    case 'U16':
      return new Uint16Array(bytes);
    case 'I32':
      return new Int32Array(bytes);
    case 'U32':
      return new Uint32Array(bytes);
    case 'I64':
      return new BigInt64Array(bytes);
    case 'U64':
      return new BigUint64Array(bytes);
    default:
      return new Uint8Array(bytes);
  }
}
