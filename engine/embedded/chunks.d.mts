export const JOBS: number;
export const NEXT: number;
export const CLOSED: number;
export const DONE: number;
export const FAILED: number;
export const KERNEL: number;
export const ITEMS: number;
export const CHUNK: number;
export const COUNT: number;
export const ARGUMENTS: number;
export const MAX_ARGUMENTS: number;
export const CONTROL_BYTES: number;
export function takeChunks(
  control: Int32Array,
  parameters: Float64Array,
  kernels: readonly ((from: number, to: number, ...parameters: number[]) => void)[],
): unknown;
