import { read } from 'node:fs';
import { type Activations, NUMBER_BYTES, wrong } from './layout.ts';
import { type RowCopy, rowCopy } from './numbers.ts';
import type { Order, Window } from './order.ts';
import { type Piece, Places } from './pieces.ts';
import type { TrainingRows } from './split.ts';

/** A window whose rows are in memory, until the one after the next is loaded. */
export interface Loaded {
  window: Window;
  /** Copies the row at a place of the window. */
  copy: RowCopy;
  /** File and row of a place of the window. */
  origin(place: number): { path: string; row: number };
}

/** Reads windows into two buffers in turn: one is served while the next is read. */
export class WindowLoader {
  private readonly places: Places;
  private readonly buffers: readonly ArrayBuffer[];
  private readonly copies: readonly RowCopy[];
  private readonly rowBytes: number;
  private loads = 0;

  constructor({ d, dtype, spans }: Activations, training: TrainingRows, order: Order) {
    this.places = new Places(spans, training);
    this.rowBytes = d * NUMBER_BYTES[dtype];
    this.buffers = [0, 1].map(() => new ArrayBuffer(order.largestWindow * this.rowBytes));
    this.copies = this.buffers.map((buffer) => rowCopy(dtype, buffer, d));
  }

  /**
   * All reads are asked for at once: Node's threads do them, also while this thread waits for the reader of
   * the stream. A stream that ends before it needs the window does not learn of an error.
   */
  load(window: Window): Promise<Loaded> {
    const loaded = this.read(window, this.loads++ % 2);
    loaded.catch(() => {});
    return loaded;
  }

  private async read(window: Window, turn: number): Promise<Loaded> {
    const { rowBytes } = this;
    const pieces = window.ranks.flatMap((ranks) => this.places.pieces(ranks));
    let at = 0;
    await Promise.all(
      pieces.map((piece) => {
        const target = new Uint8Array(this.buffers[turn], at * rowBytes, piece.rows * rowBytes);
        at += piece.rows;
        return readPiece(piece, target, rowBytes);
      }),
    );
    return { window, copy: this.copies[turn], origin: (place) => originOf(pieces, place) };
  }
}

function originOf(pieces: readonly Piece[], place: number): { path: string; row: number } {
  let before = 0;
  for (const { span, row, rows } of pieces) {
    if (place < before + rows) return { path: span.file.path, row: span.first + row + place - before };
    before += rows;
  }
  throw new Error(`no row at place ${place} of a window of ${before}`);
}

function readPiece({ span, row }: Piece, target: Uint8Array, rowBytes: number): Promise<void> {
  const { fd, path } = span.file;
  return new Promise((resolve, reject) => {
    read(fd, target, 0, target.length, span.at + row * rowBytes, (error, got = 0) => {
      const where = `row ${span.first + row + Math.floor(got / rowBytes)} (counted from 0)`;
      if (error) reject(wrong(path, `cannot be read at ${where}: ${error.code}`));
      else if (got < target.length) reject(wrong(path, `was cut off while it is served, at ${where}`));
      else resolve();
    });
  });
}
