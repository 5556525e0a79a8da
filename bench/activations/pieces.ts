import type { Span } from './layout.ts';
import type { Ranks } from './order.ts';
import type { TrainingRows } from './split.ts';

/** Rows that lie one after the other in one file. */
export interface Piece {
  span: Span;
  /** Row of the span. */
  row: number;
  rows: number;
}

/** Where rows lie, by their numbers in the folder. */
export class RowPlaces {
  /** By span: the number of its first row. */
  private readonly firsts: Float64Array;

  constructor(private readonly spans: readonly Span[]) {
    let row = 0;
    this.firsts = Float64Array.from(spans, ({ rows }) => {
      row += rows;
      return row - rows;
    });
  }

  /** Adds the pieces of neighbouring rows. */
  add(pieces: Piece[], start: number, count: number): void {
    const { spans, firsts } = this;
    let row = start;
    for (let at = lastAtMost(firsts, start); row < start + count; at++) {
      const within = row - firsts[at];
      const rows = Math.min(spans[at].rows - within, start + count - row);
      pieces.push({ span: spans[at], row: within, rows });
      row += rows;
    }
  }
}

/** Where training rows lie, by their ranks. */
export class Places {
  private readonly places: RowPlaces;

  constructor(
    spans: readonly Span[],
    private readonly training: TrainingRows,
  ) {
    this.places = new RowPlaces(spans);
  }

  /** Where rows of neighbouring ranks lie, in their order. */
  pieces({ from, rows }: Ranks): Piece[] {
    const { ranks, starts, rows: all } = this.training;
    const pieces: Piece[] = [];
    for (let rank = from, run = lastAtMost(ranks, from); rank < from + rows; run++) {
      const end = Math.min(from + rows, run + 1 < ranks.length ? ranks[run + 1] : all);
      this.places.add(pieces, starts[run] + rank - ranks[run], end - rank);
      rank = end;
    }
    return pieces;
  }
}

/** Index of the last of ascending numbers that is at most `value`. */
function lastAtMost(numbers: Float64Array, value: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (numbers[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
