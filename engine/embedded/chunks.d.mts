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
/** Works on items from..to; kernels/*.as defines the items and the arguments. */
export type Kernel = (from: number, to: number, ...parameters: number[]) => void;
export function kernelsOf(
  exports: Record<string, Kernel>,
  memory: { buffer: SharedArrayBuffer },
  func: ((declaration: string) => (...parameters: unknown[]) => unknown) | null,
): Map<string, Kernel>;
export function takeChunks(
  control: Int32Array,
  parameters: Float64Array,
  kernels: readonly Kernel[],
): unknown;
