/** How a backend multiplies in an encode: in float32, or by tensor cores in TF32 with sums in float32. */
export type Precision = 'fp32' | 'tf32';

/** What a backend switched on once it had proved it. */
export interface SwitchedOn {
  /** For the label. */
  detail: string;
  encodes: Precision;
}
