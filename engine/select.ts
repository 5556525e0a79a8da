/*
 * Selection of the largest pre-activations. NaN counts as greater than any number, as in torch.topk, so it is
 * kept and shows in the loss.
 */
import { type EmbeddedBackend, embeddedFor } from './embedded/backend.ts';
import * as embeddedScan from './embedded/scan.ts';
import { hintOfCuts, mostNear, noteCut, smallest } from './last-cuts.ts';
import { atPositions, type Csr, positionsAbove } from './sparse.ts';

const histogram = new Uint32Array(1 << 11);
/**
 * Used as the bits of every NaN, greater than those of any number. The real bits of some NaN are negative.
 */
const MOST_BITS = 0x7fffffff;

/**
 * The `count` largest positive numbers of a matrix of `rows` rows, over all rows together; fewer if fewer are
 * positive. Of ties at the cut, the first in row order are kept. Earlier selections speed up the search and
 * never change the result.
 */
export function selectLargest(values: Float32Array, rows: number, count: number): Csr {
  // The search below takes at least one for granted.
  if (count === 0) return atPositions(new Uint32Array(0), values, rows, values.length / rows);
  const selected = nearTheLastCut(values, rows, count) ?? fromAll(values, rows, count);
  if (selected.values.length > 0) noteCut(smallest(selected.values));
  return selected;
}

/** The selection among the numbers above a share of an earlier cut; null if these are too few or too many. */
function nearTheLastCut(values: Float32Array, rows: number, count: number): Csr | null {
  const least = hintOfCuts();
  if (least === 0) return null;
  const limit = mostNear(values.length, count);
  const embedded = embeddedFor(values);
  if (embedded) return largestNear(embedded, values, { rows, count, least, limit });
  const near = positionsAbove(values, least, limit);
  return near && near.length >= count ? largestAt(near, values, rows, count) : null;
}

const largestNear = (
  backend: EmbeddedBackend,
  values: Float32Array,
  wanted: embeddedScan.Wanted,
): Csr | null => embeddedScan.largestAbove(backend, embeddedScan.among(backend, values), wanted);

function fromAll(values: Float32Array, rows: number, count: number): Csr {
  const embedded = embeddedFor(values);
  if (!embedded) {
    const positions = positionsAbove(values, boundBelow(values, count), values.length) as Uint32Array;
    return largestAt(positions, values, rows, count);
  }
  const first = values.subarray(0, (values.length / rows) * embeddedScan.rowsToGuessBy(rows));
  const guess = first.length > 0 ? embeddedScan.guessBelow(embedded, first, rows, count) : 0;
  const near = { rows, count, least: guess, limit: mostNear(values.length, count) };
  const selected = guess > 0 ? largestNear(embedded, values, near) : null;
  if (selected) return selected;
  const least = embeddedScan.boundBelow(embedded, values, count);
  const wanted = { rows, count, least, limit: values.length, fewer: true };
  return largestNear(embedded, values, wanted) as Csr;
}

/** The `count` largest of the numbers at these ascending positions. */
function largestAt(candidates: Uint32Array, values: Float32Array, rows: number, count: number): Csr {
  const bits = new Int32Array(candidates.length);
  const raw = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < candidates.length; i++)
    bits[i] = Number.isNaN(values[candidates[i]]) ? MOST_BITS : raw[candidates[i]];
  const cut = cutAt(bits, count);
  let kept = 0;
  let ties = cut.ties;
  for (let i = 0; i < candidates.length; i++) {
    const b = bits[i];
    if (b > cut.bits || (b === cut.bits && ties-- > 0)) candidates[kept++] = candidates[i];
  }
  return atPositions(candidates.subarray(0, kept), values, rows, values.length / rows);
}

const BIN_SHIFT = 19;
const bins = new Uint32Array(1 << 12);

/**
 * A number that at least `count` of the positive values exceed, and not many more; 0 if fewer than `count`
 * are positive.
 */
function boundBelow(values: Float32Array, count: number): number {
  const raw = new Int32Array(values.buffer, values.byteOffset, values.length);
  bins.fill(0);
  for (let i = 0; i < raw.length; i++) if (values[i] > 0) bins[raw[i] >>> BIN_SHIFT]++;
  let left = count;
  let bin = bins.length;
  while (left > 0 && bin-- > 0) left -= bins[bin];
  // The largest float below the smallest number of the bin.
  return bin <= 0 ? 0 : embeddedScan.floatOf((bin << BIN_SHIFT) - 1);
}

/** The bits of a float split into digits, most significant first, each small enough for the histogram. */
const DIGITS = [
  { shift: 21, mask: 0x7ff },
  { shift: 10, mask: 0x7ff },
  { shift: 0, mask: 0x3ff },
];

/**
 * The bits of the smallest number kept, and how many numbers equal to it are kept. Bits of positive floats
 * sort as their values do, so a radix select finds the cut digit by digit, without a sort: each pass keeps
 * only the numbers that have the digit at the cut.
 */
function cutAt(bits: Int32Array, count: number): { bits: number; ties: number } {
  if (count <= 0) return { bits: MOST_BITS, ties: 0 };
  if (bits.length <= count) return { bits: 0, ties: 0 };
  let left = count;
  let prefix = 0;
  let pool = bits;
  for (const { shift, mask } of DIGITS) {
    histogram.fill(0);
    for (let i = 0; i < pool.length; i++) histogram[(pool[i] >>> shift) & mask]++;
    let digit = mask;
    while (histogram[digit] < left) left -= histogram[digit--];
    prefix |= digit << shift;
    const next = new Int32Array(histogram[digit]);
    for (let i = 0, found = 0; i < pool.length; i++) {
      if (((pool[i] >>> shift) & mask) === digit) next[found++] = pool[i];
    }
    pool = next;
  }
  return { bits: prefix, ties: left };
}

/** The `k` largest positive numbers of each row. Of ties at the cut, the first in the row are kept. */
export function selectLargestOfRows(values: Float32Array, rows: number, k: number): Csr {
  const columns = values.length / rows;
  const positions = new Uint32Array(rows * Math.min(k, columns));
  const top = new Float32Array(k);
  let found = 0;
  for (let row = 0; row < rows && k > 0; row++) {
    const base = row * columns;
    keepTop(values, base, base + columns, top);
    const cut = top[0];
    // The cut is 0 if fewer than k are positive: then all of them are kept.
    let ties = cut === 0 ? 0 : top.lastIndexOf(cut) + 1;
    for (let at = base; at < base + columns; at++) {
      const value = ranked(values[at]);
      if (value > cut || (value === cut && ties-- > 0)) positions[found++] = at;
    }
  }
  return atPositions(positions.subarray(0, found), values, rows, columns);
}

/**
 * Fills `top` with the largest positive numbers of values[from..to), ascending, padded with zeros in front.
 */
function keepTop(values: Float32Array, from: number, to: number, top: Float32Array): void {
  top.fill(0);
  for (let at = from; at < to; at++) {
    const value = ranked(values[at]);
    if (value <= top[0]) continue;
    let i = 0;
    for (; i + 1 < top.length && top[i + 1] < value; i++) top[i] = top[i + 1];
    top[i] = value;
  }
}

/** A number by which values are compared: NaN is greater than any number. */
export const ranked = (value: number): number => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value);
