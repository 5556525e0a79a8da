/*
 * Selection among some columns alone, for the loss of dead latents. NaN counts as greater than any number, as
 * in select.ts.
 */
import { takeLargestAmong } from './embedded/among.ts';
import { embeddedFor } from './embedded/backend.ts';
import { ranked } from './select.ts';
import type { Csr } from './sparse.ts';

/**
 * A 0/1 mask of the `k` largest numbers of each row, negative ones too, among the columns that `among` marks;
 * of ties at the cut, the first in the row. The definition of `selectLargestAmong`.
 */
export function markLargest(values: Float32Array, rows: number, k: number, among: Uint8Array): Float32Array {
  const columns = values.length / rows;
  const candidates = marked(among);
  const mask = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const numbers = Float32Array.from(candidates, (column) => ranked(values[row * columns + column])).sort();
    const cut = k < numbers.length ? numbers[numbers.length - k] : Number.NEGATIVE_INFINITY;
    let ties = k < numbers.length ? k - numbers.filter((number) => number > cut).length : k;
    for (const column of candidates) {
      const value = ranked(values[row * columns + column]);
      if (value > cut || (value === cut && ties-- > 0)) mask[row * columns + column] = 1;
    }
  }
  return mask;
}

/** The same selection as rows of non-zeros. A number that is kept may be 0. */
export function selectLargestAmong(values: Float32Array, rows: number, k: number, among: Uint8Array): Csr {
  const columns = values.length / rows;
  const candidates = marked(among);
  const kept = Math.min(k, candidates.length);
  const codes = {
    rows,
    offsets: new Uint32Array(rows + 1).map((_, row) => row * kept),
    indices: new Uint32Array(rows * kept),
    values: new Float32Array(rows * kept),
  };
  if (kept === 0) return codes;
  const embedded = embeddedFor(values);
  if (embedded?.pool.native) {
    takeLargestAmong(embedded, values, rows, candidates, codes);
    return codes;
  }
  const numbers = new Float32Array(candidates.length);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const base = row * columns;
    if (kept === candidates.length) {
      codes.indices.set(candidates, at);
      for (let i = 0; i < kept; i++) codes.values[at++] = values[base + candidates[i]];
      continue;
    }
    for (let i = 0; i < candidates.length; i++) numbers[i] = ranked(values[base + candidates[i]]);
    const cut = nthSmallest(numbers, numbers.length - kept);
    let ties = kept;
    for (let i = numbers.length - kept; i < numbers.length; i++) if (numbers[i] > cut) ties--;
    for (let i = 0; i < candidates.length; i++) {
      const column = candidates[i];
      const value = ranked(values[base + column]);
      if (value < cut || (value === cut && ties-- <= 0)) continue;
      codes.indices[at] = column;
      codes.values[at++] = values[base + column];
    }
  }
  return codes;
}

/** The columns that are marked, ascending. */
export function marked(among: Uint8Array): Uint32Array {
  const columns = new Uint32Array(among.length);
  let count = 0;
  for (let column = 0; column < among.length; column++) if (among[column] === 1) columns[count++] = column;
  return columns.subarray(0, count);
}

/**
 * The number that stands at place n in ascending order. Reorders the numbers: those before n are not greater,
 * those after it not smaller. Source: Hoare 1961, "Algorithm 65: Find".
 */
function nthSmallest(numbers: Float32Array, n: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (numbers[i] < pivot) i++;
      while (numbers[j] > pivot) j--;
      if (i > j) break;
      const number = numbers[i];
      numbers[i++] = numbers[j];
      numbers[j--] = number;
    }
    if (n <= j) high = j;
    else if (n >= i) low = i;
    else break;
  }
  return numbers[n];
}
