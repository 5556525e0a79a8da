/** Rows of a sparse matrix: row r holds entries offsets[r] .. offsets[r + 1]. */
export interface Entries {
  rows: number;
  offsets: Uint32Array;
  indices: Uint32Array;
  values: Float32Array;
}
