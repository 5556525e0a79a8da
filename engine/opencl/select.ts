import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { DeviceCsr, Pattern } from './device-csr.ts';

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

/**
 * The `count` largest positive numbers over all rows together, NaN above all; fewer if fewer are positive. Of
 * ties at the cut, the first in row order are kept.
 */
export function selectLargest(device: Device, h: Matrix, count: number): DeviceCsr {
  const { buffer, rows, columns } = h;
  if (count === 0) return none(device, h);
  const size = rows * columns;
  const work = device.allocate(WORDS_OF_COUNTS);
  device.each('select', 'clear_counts', WORDS_OF_COUNTS, [work]);
  const groups = Math.min(MOST_GROUPS, Math.ceil(size / (device.group * NUMBERS_OF_ITEM)));
  for (const pass of [0, 1, 2])
    device.rows('select', 'count_digits', groups, [buffer, size, count, pass, work]);
  const [cuts, above, equal] = [device.allocate(rows + 1), device.allocate(rows), device.allocate(rows)];
  device.rows('select', 'cut_of_batch', rows, [buffer, columns, count, work, cuts, above, equal]);
  const starts = startsOf(device, rows, above, equal, cuts);
  const codes = collect(device, h, MODES.batch, null, cuts, equal, starts, count);
  for (const used of [work, cuts, equal]) device.release(used);
  return codes;
}

/**
 * The `k` largest of each row: positive ones alone, or any among the columns that `among` marks with 1; NaN
 * as infinity. Of ties at the cut, the first in the row are kept.
 */
export function selectOfRows(
  device: Device,
  h: Matrix,
  k: number,
  among: { marks: DeviceBuffer; count: number } | null,
): DeviceCsr {
  const { buffer, rows, columns } = h;
  const mode = among ? MODES.among : MODES.rows;
  const most = rows * Math.min(k, among ? among.count : columns);
  if (most === 0) return none(device, h);
  const marks = among?.marks ?? null;
  const [cuts, above, equal] = [device.allocate(rows), device.allocate(rows), device.allocate(rows)];
  device.rows('select', 'cut_of_rows', rows, [buffer, marks, columns, k, mode, cuts, above, equal]);
  const starts = startsOf(device, rows, above, equal, null);
  const codes = collect(device, h, mode, marks, cuts, equal, starts, most);
  for (const used of [cuts, equal]) device.release(used);
  return codes;
}

/** All non-zeros of a matrix that no selection made. */
export function nonZeros(device: Device, h: Matrix): DeviceCsr {
  const { buffer, rows, columns } = h;
  const [above, equal] = [device.allocate(rows), device.allocate(rows)];
  device.rows('select', 'count_nonzeros', rows, [buffer, columns, above, equal]);
  const starts = startsOf(device, rows, above, equal, null);
  device.release(equal);
  const lists = listsOf(device, rows * columns);
  const args = [buffer, columns, starts, lists.indices, lists.values, lists.rowOf];
  device.rows('select', 'collect_nonzeros', rows, args);
  return csrOf(device, h, starts, lists, rows * columns);
}

/**
 * Where each row begins, from how many it has above its cut and equal to it. With `cuts` the ties of a batch,
 * whose number stands behind its cuts, are divided among the rows in their order. Releases `above`.
 */
export function startsOf(
  device: Device,
  rows: number,
  above: DeviceBuffer,
  equal: DeviceBuffer,
  cuts: DeviceBuffer | null,
): DeviceBuffer {
  const starts = device.allocate(rows + 1);
  device.rows('select', 'starts_of_rows', 1, [above, equal, cuts, rows, cuts ? 1 : 0, starts]);
  device.release(above);
  return starts;
}

function collect(
  device: Device,
  h: Matrix,
  mode: number,
  marks: DeviceBuffer | null,
  cuts: DeviceBuffer,
  equal: DeviceBuffer,
  starts: DeviceBuffer,
  most: number,
): DeviceCsr {
  const lists = listsOf(device, most);
  const outs = [lists.indices, lists.values, lists.rowOf];
  device.rows('select', 'collect', h.rows, [h.buffer, marks, h.columns, mode, cuts, equal, starts, ...outs]);
  return csrOf(device, h, starts, lists, most);
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

const csrOf = (device: Device, { rows, columns }: Matrix, starts: DeviceBuffer, lists: Lists, most: number) =>
  new DeviceCsr(new Pattern(device, rows, columns, most, starts, lists.indices, lists.rowOf), lists.values);

/** A matrix of zeros alone. */
function none(device: Device, h: Matrix): DeviceCsr {
  const starts = device.allocate(h.rows + 1);
  device.each('elementwise', 'fill_int', h.rows + 1, [starts, h.rows + 1, 0]);
  return csrOf(device, h, starts, listsOf(device, 0), 0);
}
