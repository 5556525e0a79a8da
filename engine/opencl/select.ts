import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { type ColumnBits, DeviceCsr, Pattern } from './device-csr.ts';

/** As in select.cl. */
const MODES = { batch: 0, rows: 1, among: 2 } as const;
const WORDS_OF_COUNTS = 16 + 2048 + 1024 + 1024;
/** Numbers that a work item counts, so that there are not many more groups than a card runs at once. */
const NUMBERS_OF_ITEM = 16;
const MOST_GROUPS = 1024;

/** A dense matrix on the device. */
interface Matrix {
  buffer: DeviceBuffer;
  rows: number;
  columns: number;
}

/** How many numbers to keep: a number, or one of the numbers of a step (watch.ts), of at most so many. */
export type Wanted = number | { numbers: DeviceBuffer; place: number; most: number };

/** The same as kernels take it. */
const withPlace = (wanted: Wanted) =>
  typeof wanted === 'number' ? { numbers: null, place: -1, most: wanted } : wanted;

/** Zeros that each selection leaves as zeros, of each device. */
const works = new WeakMap<Device, DeviceBuffer>();

function workOf(device: Device): DeviceBuffer {
  const known = works.get(device);
  if (known) return known;
  const work = device.allocateLasting(WORDS_OF_COUNTS);
  work.overwritten = () => {};
  device.write(work, new Int32Array(WORDS_OF_COUNTS));
  works.set(device, work);
  return work;
}

/**
 * The `wanted` largest positive numbers over all rows together, NaN above all; fewer if fewer are positive.
 * Of ties at the cut, the first in row order are kept.
 */
export function selectLargest(device: Device, h: Matrix, wanted: Wanted): DeviceCsr {
  const { buffer, rows, columns } = h;
  const most = typeof wanted === 'number' ? wanted : wanted.most;
  if (most === 0) return none(device, h);
  const size = rows * columns;
  const work = workOf(device);
  const bits = columnBits(device, h);
  const groups = Math.min(MOST_GROUPS, Math.ceil(size / (device.group * NUMBERS_OF_ITEM)));
  const { numbers, place } = withPlace(wanted);
  for (const pass of [0, 1, 2]) {
    const args = [buffer, size, most, numbers, place, pass, work, bits.list, bits.size];
    device.rows('select', 'count_digits', groups, args);
  }
  const [cuts, above, equal] = [device.allocate(rows + 1), device.allocate(rows), device.allocate(rows)];
  device.rows('select', 'cut_of_batch', rows, [buffer, columns, work, cuts, above, equal]);
  return collect(device, h, { mode: MODES.batch, marks: null, cuts, above, equal, work, bits }, most);
}

/**
 * The `wanted` largest of each row: positive ones alone, or any among the columns that `among` marks with 1;
 * NaN as infinity. Of ties at the cut, the first in the row are kept.
 */
export function selectOfRows(
  device: Device,
  h: Matrix,
  wanted: Wanted,
  among: { marks: DeviceBuffer; count: number } | null,
): DeviceCsr {
  const { buffer, rows, columns } = h;
  const mode = among ? MODES.among : MODES.rows;
  const { most: k, numbers, place } = withPlace(wanted);
  const most = rows * Math.min(k, among ? among.count : columns);
  if (most === 0) return none(device, h);
  const marks = among?.marks ?? null;
  const bits = columnBits(device, h);
  const [cuts, above, equal] = [device.allocate(rows), device.allocate(rows), device.allocate(rows)];
  const outs = [cuts, above, equal, bits.list, bits.size];
  device.rows('select', 'cut_of_rows', rows, [buffer, marks, columns, k, numbers, place, mode, ...outs]);
  return collect(device, h, { mode, marks, cuts, above, equal, work: null, bits }, most);
}

/** Room for a bit for each row of each column, and for how many are set in each. */
function columnBits(device: Device, { rows, columns }: Matrix) {
  const words = Math.ceil(rows / 32);
  const size = columns * (words + 1);
  return { list: device.allocate(size), words, size };
}

/** All non-zeros of a matrix that no selection made. */
export function nonZeros(device: Device, h: Matrix): DeviceCsr {
  const { buffer, rows, columns } = h;
  const starts = startsOfNonZeros(device, buffer, rows, columns);
  const lists = listsOf(device, rows * columns);
  const args = [buffer, columns, starts, lists.indices, lists.values, lists.rowOf];
  device.rows('select', 'collect_nonzeros', rows, args);
  return csrOf(device, h, starts, lists, rows * columns, null);
}

/** Where each row of a dense matrix begins in the list of its non-zeros. */
export function startsOfNonZeros(
  device: Device,
  dense: DeviceBuffer,
  rows: number,
  columns: number,
): DeviceBuffer {
  const counts = device.allocate(rows);
  device.rows('select', 'count_nonzeros', rows, [dense, columns, counts]);
  return startsOf(device, rows, counts);
}

/** Where each row begins, from how many it has. Releases `counts`. */
export function startsOf(device: Device, rows: number, counts: DeviceBuffer): DeviceBuffer {
  const starts = device.allocate(rows + 1);
  device.member('sparse', 'begins_of', device.group, [counts, starts], [0, rows], '-D VECTOR=4');
  device.release(counts);
  return starts;
}

interface Cut {
  mode: number;
  marks: DeviceBuffer | null;
  cuts: DeviceBuffer;
  above: DeviceBuffer;
  equal: DeviceBuffer;
  work: DeviceBuffer | null;
  bits: ReturnType<typeof columnBits>;
}

function collect(device: Device, h: Matrix, cut: Cut, most: number): DeviceCsr {
  const { mode, marks, cuts, above, equal, work, bits } = cut;
  const lists = listsOf(device, most);
  const starts = device.allocate(h.rows + 1);
  const outs = [starts, lists.indices, lists.values, lists.rowOf, bits.list, bits.words];
  const ins = [h.buffer, marks, h.columns, mode, cuts, above, equal, work];
  device.rows('select', 'collect', h.rows, [...ins, ...outs]);
  for (const used of [cuts, above, equal]) device.release(used);
  return csrOf(device, h, starts, lists, most, bits);
}

interface Lists {
  indices: DeviceBuffer;
  values: DeviceBuffer;
  rowOf: DeviceBuffer;
}

function listsOf(device: Device, most: number): Lists {
  const list = () => device.allocate(Math.max(1, most));
  return { indices: list(), values: list(), rowOf: list() };
}

function csrOf(
  device: Device,
  { rows, columns }: Matrix,
  starts: DeviceBuffer,
  { indices, values, rowOf }: Lists,
  most: number,
  bits: ColumnBits | null,
): DeviceCsr {
  return new DeviceCsr(new Pattern(device, rows, columns, most, starts, indices, rowOf, bits), values);
}

/** A matrix of zeros alone. */
function none(device: Device, h: Matrix): DeviceCsr {
  const starts = device.allocate(h.rows + 1);
  device.each('elementwise', 'fill_int', h.rows + 1, [starts, h.rows + 1, 0]);
  return csrOf(device, h, starts, listsOf(device, 0), 0, null);
}
