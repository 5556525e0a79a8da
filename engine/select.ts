import type { Csr } from './sparse.ts';

const histogram = new Uint32Array(1 << 16);

/**
 * The `count` largest positive numbers of a matrix of `rows` rows, all rows together; fewer when fewer are positive.
 * Ties at the cut: the first in row order. Bits of positive floats sort as their values do, so two histograms of 16
 * bits find the cut without a sort.
 */
export function selectLargest(values: Float32Array, rows: number, count: number): Csr {
  const columns = values.length / rows;
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const cut = largestBits(bits, count);
  const offsets = new Uint32Array(rows + 1);
  const indices = new Uint32Array(count);
  const kept = new Float32Array(count);
  let ties = cut.ties;
  let found = 0;
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const b = bits[at];
      if (b < cut.bits || (b === cut.bits && ties-- <= 0)) continue;
      indices[found] = column;
      kept[found++] = values[at];
    }
    offsets[row + 1] = found;
  }
  return { rows, offsets, indices: indices.subarray(0, found), values: kept.subarray(0, found) };
}

/** The bits of the smallest number kept, and how many equal to it are kept. Signed: negative floats are below 1. */
function largestBits(bits: Int32Array, count: number): { bits: number; ties: number } {
  if (count <= 0) return { bits: 0x7fffffff, ties: 0 };
  histogram.fill(0, 0, 1 << 15);
  for (let i = 0; i < bits.length; i++) if (bits[i] > 0) histogram[bits[i] >>> 16]++;
  let left = count;
  let high = (1 << 15) - 1;
  while (high >= 0 && histogram[high] < left) left -= histogram[high--];
  // Fewer positive numbers than asked for: keep them all (the smallest positive float has bits 1).
  if (high < 0) return { bits: 1, ties: count };
  histogram.fill(0);
  for (let i = 0; i < bits.length; i++) if (bits[i] >>> 16 === high) histogram[bits[i] & 0xffff]++;
  let low = 0xffff;
  while (histogram[low] < left) left -= histogram[low--];
  // high = low = 0 is the float 0 itself, which is not positive.
  return { bits: Math.max(1, ((high << 16) | low) >>> 0), ties: left };
}

/** The `k` largest positive numbers of each row. Ties at the cut: the first in the row. */
export function selectLargestOfRows(values: Float32Array, rows: number, k: number): Csr {
  const columns = values.length / rows;
  const parts = Array.from({ length: rows }, (_, row) =>
    selectLargest(values.subarray(row * columns, (row + 1) * columns), 1, k),
  );
  return join(parts);
}

/** Of each row the `k` largest among the columns that `among` marks, negative ones too: 1 where kept. */
export function markLargest(values: Float32Array, rows: number, k: number, among: Uint8Array): Float32Array {
  const columns = values.length / rows;
  const candidates = Array.from(among.keys()).filter((column) => among[column] === 1);
  const mask = new Float32Array(values.length);
  const order = new Float32Array(candidates.length);
  for (let row = 0; row < rows; row++) {
    const base = row * columns;
    let left = k;
    let cut = Number.NEGATIVE_INFINITY;
    let above = 0;
    if (k < candidates.length) {
      for (let i = 0; i < candidates.length; i++) order[i] = values[base + candidates[i]];
      order.sort();
      cut = order[order.length - k];
      for (let i = order.length - k; i < order.length; i++) if (order[i] > cut) above++;
      left = k - above;
    }
    for (const column of candidates) {
      const value = values[base + column];
      if (value > cut || (value === cut && left-- > 0)) mask[base + column] = 1;
    }
  }
  return mask;
}

function join(parts: readonly Csr[]): Csr {
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, row) => {
    offsets[row + 1] = offsets[row] + part.indices.length;
  });
  const indices = new Uint32Array(offsets[parts.length]);
  const values = new Float32Array(offsets[parts.length]);
  parts.forEach((part, row) => {
    indices.set(part.indices, offsets[row]);
    values.set(part.values, offsets[row]);
  });
  return { rows: parts.length, offsets, indices, values };
}
