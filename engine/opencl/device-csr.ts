import type { SparseCodes } from '#contract/codes';
import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';

/** The build of the program that other kernels use too. */
const VECTOR = '-D VECTOR=4';

/** The places of non-zeros by columns: `order` lists those of each column, ascending, `rowOf` their rows. */
interface ByColumn {
  begins: DeviceBuffer;
  order: DeviceBuffer;
  rowOf: DeviceBuffer;
}

/** For each column a bit for each row, in words, and behind all of them how many each column has. */
export interface ColumnBits {
  list: DeviceBuffer;
  words: number;
}

/**
 * Where the non-zeros of a matrix are, on the device: rows, columns ascending. How many there are is known
 * there alone; `most` is the size of the lists. Matrices share a pattern: codes, and the gradients that reach
 * them.
 */
export class Pattern {
  private users = 0;
  private columnwise: ByColumn | null = null;

  constructor(
    readonly device: Device,
    readonly rows: number,
    readonly columns: number,
    readonly most: number,
    readonly starts: DeviceBuffer,
    readonly indices: DeviceBuffer,
    readonly rowOf: DeviceBuffer,
    private bits: ColumnBits | null = null,
  ) {}

  retain(): void {
    this.users++;
  }

  release(): void {
    if (--this.users > 0) return;
    const { starts, indices, rowOf, columnwise } = this;
    for (const buffer of [starts, indices, rowOf]) this.device.release(buffer);
    this.dropBits();
    for (const buffer of Object.values(columnwise ?? {})) this.device.release(buffer);
    this.columnwise = null;
  }

  /** The arguments by which kernels know how many non-zeros there are. */
  get extent(): [starts: DeviceBuffer, rows: number, most: number] {
    return [this.starts, this.rows, this.most];
  }

  /** The non-zeros by columns, found once. */
  byColumn(): ByColumn {
    this.columnwise ??= this.bits ? this.byBits(this.bits) : this.findColumns();
    return this.columnwise;
  }

  private byBits({ list, words }: ColumnBits): ByColumn {
    const { device, columns, most, indices, extent, rowOf } = this;
    const [begins, order, rows] = [columns + 1, most, most].map((size) => device.allocate(Math.max(1, size)));
    device.member('sparse', 'begins_of', device.group, [list, begins], [columns * words, columns], VECTOR);
    const [starts] = extent;
    const lists = [starts, indices, rowOf, list, begins, order, rows];
    device.member('sparse', 'place_by_bits', most, lists, [this.rows, most, words], VECTOR);
    this.dropBits();
    return { begins, order, rowOf: rows };
  }

  private dropBits(): void {
    if (this.bits) this.device.release(this.bits.list);
    this.bits = null;
  }

  private findColumns(): ByColumn {
    const { device, columns, most, indices, extent } = this;
    const list = () => device.allocate(Math.max(1, most));
    const [counts, begins] = [device.allocate(columns), device.allocate(columns + 1)];
    const [slots, unordered, order, rowOf] = [list(), list(), list(), list()];
    device.each('elementwise', 'fill_int', columns, [counts, columns, 0]);
    device.each('sparse', 'count_columns', most, [...extent, indices, counts, slots], VECTOR);
    device.member('sparse', 'begins_of', device.group, [counts, begins], [0, columns], VECTOR);
    device.each('sparse', 'place_in_columns', most, [...extent, indices, begins, slots, unordered], VECTOR);
    const outs = [order, rowOf];
    const ins = [...extent, indices, begins, unordered, this.rowOf];
    device.each('sparse', 'order_in_columns', most, [...ins, ...outs], VECTOR);
    for (const buffer of [counts, slots, unordered]) device.release(buffer);
    return { begins, order, rowOf };
  }
}

/** A matrix of few non-zeros on the device. It owns its values, and holds its pattern. */
export class DeviceCsr {
  private here: SparseCodes | null = null;

  constructor(
    readonly pattern: Pattern,
    readonly values: DeviceBuffer,
  ) {
    pattern.retain();
  }

  release(): void {
    this.pattern.device.release(this.values);
    this.pattern.release();
  }

  /** The dense matrix, in a new buffer. */
  expanded(): DeviceBuffer {
    const { device, rows, columns, most, indices, rowOf, extent } = this.pattern;
    const dense = device.allocate(Math.max(1, rows * columns));
    device.each('elementwise', 'fill', rows * columns, [dense, rows * columns, 0]);
    device.each('sparse', 'scatter', most, [...extent, indices, rowOf, this.values, columns, dense], VECTOR);
    return dense;
  }

  /** The non-zeros in this process. */
  read(): SparseCodes {
    this.here ??= this.copy();
    return this.here;
  }

  private copy(): SparseCodes {
    const { device, rows, columns, most, starts, indices } = this.pattern;
    const offsets = new Uint32Array(rows + 1);
    // The lists of a matrix that was scanned have room for all of its numbers.
    const isScanned = most === rows * columns;
    if (isScanned) device.read([[starts, offsets]]);
    const room = isScanned ? offsets[rows] : most;
    const lists = { indices: new Uint32Array(room), values: new Float32Array(room) };
    if (room > 0) {
      const list = [
        [indices, lists.indices],
        [this.values, lists.values],
      ] as const;
      device.read(isScanned ? list : [[starts, offsets], ...list]);
    }
    const count = offsets[rows];
    if (count === room) return { rows, offsets, ...lists };
    return {
      rows,
      offsets,
      indices: lists.indices.subarray(0, count),
      values: lists.values.subarray(0, count),
    };
  }
}
