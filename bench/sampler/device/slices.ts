import type { DeviceBuffer } from '#engine/opencl/buffers';
import type { World } from '../../world/world.ts';
import { BLOCK } from './kernels.ts';
import type { Runner } from './runner.ts';
import { type Tables, tablesOf } from './tables.ts';

/** Words of an entry, of which each row has room for as many as there are places. */
export const ENTRY_WORDS = 4;
/** Bytes for all of the rows of a slice: a thousand rows at the sizes of 16k. */
const SLICE_BYTES = 288 << 20;
const MOST_ROWS = 4096;

type Arrays = 'nodes' | 'loadings' | 'topLoadings' | 'cutoffs' | 'topCutoffs' | 'magnitudes' | 'vectors';
type Room = Record<'entries' | 'counts' | 'reach' | 'z' | 'found', DeviceBuffer>;

/** Draws rows of a world's batches on a device, a slice at a time. Its rows do not depend on the slices. */
export class Slices {
  /** The features of the places that entries name. */
  readonly features: Int32Array;
  readonly places: number;
  /** Rows of a slice, a multiple of BLOCK. */
  rows: number;
  private readonly sizes: Pick<Tables, 'rank' | 'tops' | 'levels' | 'quads' | 'pairs'>;
  private readonly tables: Record<Arrays | 'bias', DeviceBuffer>;
  private room: Room;

  /** @throws DeviceError where the memory of the device is too small for the world and BLOCK rows */
  constructor(
    private readonly runner: Runner,
    private readonly world: World,
    private readonly seed: number,
  ) {
    const tables = tablesOf(world);
    const { rank, places, tops, levels, quads, pairs, features } = tables;
    this.sizes = { rank, tops, levels, quads, pairs };
    this.places = places;
    this.features = features;
    const { nodes, loadings, topLoadings, cutoffs, topCutoffs, magnitudes, vectors, bias } = tables;
    const held: DeviceBuffer[] = [];
    const filled = (numbers: Float32Array | Int32Array) => {
      held.push(runner.filled(numbers));
      return held[held.length - 1];
    };
    try {
      this.tables = {
        ...{ nodes: filled(nodes), loadings: filled(loadings), topLoadings: filled(topLoadings) },
        ...{ cutoffs: filled(cutoffs), topCutoffs: filled(topCutoffs), magnitudes: filled(magnitudes) },
        ...{ vectors: filled(vectors), bias: filled(bias) },
      };
      const blockBytes = this.bytesOf(BLOCK).reduce((sum, bytes) => sum + bytes, 0);
      this.rows = BLOCK * Math.max(1, Math.floor(Math.min(MOST_ROWS / BLOCK, SLICE_BYTES / blockBytes)));
      this.room = this.roomOf(this.rows) ?? this.smallerRoom();
    } catch (error) {
      // Whoever trains on the card needs its memory, where the processor draws instead.
      for (const memory of held) runner.release(memory);
      throw error;
    }
  }

  /** Leaves memory to others by fewer rows at a time. False where a slice has BLOCK rows already. */
  shrink(): boolean {
    if (this.rows === BLOCK) return false;
    for (const memory of Object.values(this.room)) this.runner.release(memory);
    this.room = this.smallerRoom();
    return true;
  }

  /** Queues that x [rows, hidden_dim] of a batch is in that memory. */
  draw(index: number, rows: number, x: DeviceBuffer): void {
    for (let first = 0; first < rows; first += this.rows) {
      this.drawSlice(index, first, Math.min(this.rows, rows - first), x);
    }
  }

  /**
   * Draws rows of a batch from `first` on, at most a slice, and reads how many entries of each are active,
   * and those entries: [rows, places, ENTRY_WORDS]. Their second word is the place, the fourth the magnitude.
   */
  read(index: number, first: number, counts: Int32Array, entries: Int32Array): void {
    this.drawSlice(index, first, counts.length, null);
    this.runner.read(this.room.counts, counts);
    this.runner.read(this.room.entries, entries);
  }

  /** Rows of a batch from `first` on; without `x` they stay as entries. */
  private drawSlice(index: number, first: number, rows: number, x: DeviceBuffer | null): void {
    const { runner, tables, places } = this;
    const { rank, tops, levels, quads, pairs } = this.sizes;
    const { entries, counts, reach, z, found } = this.room;
    const what = [...words(this.seed), ...words(index)];
    const blocks = Math.ceil(rows / BLOCK);
    const factors = blocks * BLOCK * rank;
    if (factors > 0) runner.run('draw_factors', runner.groupsOf(factors), [z, rank, factors, first, ...what]);
    const columns = runner.groupsOf(quads);
    runner.run('find_tops', blocks * columns, [
      ...[z, tables.topLoadings, tables.topCutoffs, quads, columns, rank, first, ...what, found],
    ]);
    runner.run('list_tops', rows, [found, quads, places, entries, reach]);
    const { loadings, cutoffs, magnitudes, nodes } = tables;
    for (let level = 0; level < levels; level++) {
      runner.run('descend', rows, [
        ...[z, loadings, cutoffs, magnitudes, nodes],
        ...[tops, places, rank, first, ...what, entries, reach],
      ]);
    }
    runner.run('make_rows', rows, [
      ...[tables.vectors, tables.bias, pairs, x ? this.world.hiddenDim : 0, places, first],
      ...[reach, entries, counts, x ?? counts],
    ]);
  }

  /** Memory for half as many rows, or fewer. @throws DeviceError where not even BLOCK rows fit */
  private smallerRoom(): Room {
    while (this.rows > BLOCK) {
      this.rows = BLOCK * Math.floor(this.rows / 2 / BLOCK);
      const room = this.roomOf(this.rows);
      if (room) return room;
    }
    throw this.runner.full(this.bytesOf(BLOCK)[0]);
  }

  private roomOf(rows: number): Room | null {
    const memories = this.runner.allocateAll(this.bytesOf(rows));
    if (!memories) return null;
    const [entries, counts, reach, z, found] = memories;
    return { entries, counts, reach, z, found };
  }

  /** Bytes of entries, counts, reach, factors, and what may fire. */
  private bytesOf(rows: number): number[] {
    const { rank, quads } = this.sizes;
    return [
      4 * ENTRY_WORDS * this.places * rows,
      4 * rows,
      8 * rows,
      4 * rank * rows,
      (4 * quads * rows) / BLOCK,
    ];
  }
}

/** A whole number as two words of 32 bits, the low one first. */
const words = (number: number): [number, number] => [number | 0, Math.floor(number / 2 ** 32) | 0];
