import { innerProducts } from '#bench/gemm';
import { type Line, timed } from './timing.ts';

export interface Ceilings {
  copyBytesPerSecond: number;
  multiplyAddsPerSecond: number;
}

/** What one thread can do here at best: copying memory, and multiply-adds of the project's SIMD product. */
export function ceilings(seconds: number): Ceilings {
  const from = new Float32Array(1 << 24).fill(1);
  const to = new Float32Array(from.length);
  const copied = timed(seconds, from.byteLength, () => to.set(from));
  const [rows, columns, d] = [512, 1024, 768];
  const [a, b] = [new Float32Array(rows * d).fill(1), new Float32Array(columns * d).fill(1)];
  const multiplied = timed(seconds, rows * columns * d, () => innerProducts(a, b, d));
  return {
    copyBytesPerSecond: copied.samplesPerSecond,
    multiplyAddsPerSecond: multiplied.samplesPerSecond,
  };
}

export function benchMachine(seconds: number): Line[] {
  return [{ name: 'machine', ms: seconds * 1000, ...ceilings(seconds) }];
}
