import { Random } from '../random.ts';

/** Neighbouring rows that are read together, and so end in the same window. */
export const CHUNK_ROWS = 64;
/** Size of a window as its rows are stored; two windows are in memory. */
const WINDOW_BYTES = 128 << 20;
const MAX_WINDOW_ROWS = 1 << 20;

/** A range of ranks. */
export interface Ranks {
  from: number;
  rows: number;
}

/** Rows that are in memory together, and shuffled among themselves. */
export interface Window {
  /** Position of its first row in the stream, which has every epoch after the other. */
  position: number;
  rows: number;
  /** The ranks in it, in the order in which they are read. */
  ranks: Ranks[];
  /** By position within the window: the place of the row among `ranks`. */
  order: Uint32Array;
}

/**
 * The order in which training rows are served, by their ranks: a function of the seed, so that any batch can
 * be served first. In each epoch, chunks of neighbouring rows are permuted and cut into windows; within a
 * window the rows are permuted. docs/activations.md says how well that mixes.
 */
export class Order {
  private readonly windows: number;
  private readonly chunks: number;
  /** Chunks by epoch, of the last two epochs: the next window may be of the next epoch. */
  private readonly permutations = new Map<number, Uint32Array>();

  constructor(
    private readonly rows: number,
    rowBytes: number,
    private readonly seed: number,
    windowRows = Math.min(MAX_WINDOW_ROWS, Math.floor(WINDOW_BYTES / rowBytes)),
  ) {
    this.windows = Math.ceil(rows / Math.max(1, windowRows));
    this.chunks = Math.ceil(rows / CHUNK_ROWS);
  }

  /** Rows of the largest window. */
  get largestWindow(): number {
    return Math.ceil(this.rows / this.windows);
  }

  /** The window that has a position of the stream. */
  windowAt(position: number): Window {
    const { rows, windows } = this;
    const epoch = Math.floor(position / rows);
    const within = position - epoch * rows;
    // Windows of an epoch have equal sizes but for one row, so the last is no small one that mixes badly.
    let window = Math.min(windows - 1, Math.floor((within * windows) / rows));
    while (this.startOf(window) > within) window--;
    while (this.startOf(window + 1) <= within) window++;
    const start = this.startOf(window);
    const count = this.startOf(window + 1) - start;
    return {
      position: epoch * rows + start,
      rows: count,
      ranks: this.ranks(epoch, start, count),
      order: permutation(count, new Random(this.seed, 'rows of a window', epoch * windows + window)),
    };
  }

  private startOf(window: number): number {
    return Math.floor((window * this.rows) / this.windows);
  }

  /** The ranks at places `from` and on, where an epoch's chunks lie one after the other as permuted. */
  private ranks(epoch: number, from: number, count: number): Ranks[] {
    const permuted = this.permuted(epoch);
    const last = this.chunks - 1;
    const missing = this.chunks * CHUNK_ROWS - this.rows;
    // The last chunk may be shorter; all places behind it move up by what it lacks.
    const short = permuted.indexOf(last);
    const shortEnd = (short + 1) * CHUNK_ROWS - missing;
    const ranks: Ranks[] = [];
    for (let place = from; place < from + count; ) {
      const whole = place < shortEnd ? place : place + missing;
      const slot = Math.floor(whole / CHUNK_ROWS);
      const skipped = whole - slot * CHUNK_ROWS;
      const size = CHUNK_ROWS - (permuted[slot] === last ? missing : 0) - skipped;
      const rows = Math.min(size, from + count - place);
      ranks.push({ from: permuted[slot] * CHUNK_ROWS + skipped, rows });
      place += rows;
    }
    return ranks;
  }

  private permuted(epoch: number): Uint32Array {
    const known = this.permutations.get(epoch);
    if (known) return known;
    for (const old of this.permutations.keys()) if (this.permutations.size > 1) this.permutations.delete(old);
    const made = permutation(this.chunks, new Random(this.seed, 'chunks of an epoch', epoch));
    this.permutations.set(epoch, made);
    return made;
  }
}

/** A random permutation (Fisher-Yates). */
export function permutation(length: number, random: Random): Uint32Array {
  const all = new Uint32Array(length);
  for (let index = 0; index < length; index++) all[index] = index;
  for (let left = length; left > 1; left--) {
    const chosen = Math.floor(random.uniform() * left);
    const last = all[left - 1];
    all[left - 1] = all[chosen];
    all[chosen] = last;
  }
  return all;
}
