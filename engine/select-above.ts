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

/** Those of these positive numbers that exceed the threshold of their column; NaN is kept. */
export function keepAbove({ rows, offsets, indices, values }: Csr, thresholds: Float32Array): Csr {
  const kept: Csr = {
    rows,
    offsets: new Uint32Array(rows + 1),
    indices: new Uint32Array(indices.length),
    values: new Float32Array(indices.length),
  };
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      const value = values[at];
      if (!(value > thresholds[indices[at]] || Number.isNaN(value))) continue;
      kept.indices[count] = indices[at];
      kept.values[count++] = value;
    }
    kept.offsets[row + 1] = count;
  }
  return { ...kept, indices: kept.indices.slice(0, count), values: kept.values.slice(0, count) };
}
