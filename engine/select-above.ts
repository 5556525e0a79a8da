import { atPositions, type Csr, positionsAbove } from './sparse.ts';

/**
 * The positive numbers of a matrix [rows, columns] that exceed the threshold of their column. NaN is kept, so
 * that it shows in the codes; a threshold that is NaN lets no number through.
 */
export function selectAbove(values: Float32Array, rows: number, thresholds: Float32Array): Csr {
  const columns = thresholds.length;
  let least = Number.POSITIVE_INFINITY;
  for (const threshold of thresholds) if (threshold < least) least = threshold;
  // The fast search finds all above the smallest threshold, hardly more than are kept.
  const found = positionsAbove(values, Math.max(0, least), values.length) as Uint32Array;
  let kept = 0;
  for (const at of found) {
    const value = values[at];
    if (value > thresholds[at % columns] || Number.isNaN(value)) found[kept++] = at;
  }
  return atPositions(found.subarray(0, kept), values, rows, columns);
}
