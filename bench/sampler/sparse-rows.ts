/**
 * Which features are active in each row and how strongly: row r holds entries offsets[r] .. offsets[r + 1].
 */
export interface SparseRows {
  rows: number;
  offsets: Uint32Array;
  features: Uint32Array;
  values: Float32Array;
}
