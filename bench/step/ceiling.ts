import { availableParallelism } from 'node:os';
import { findBlas } from '#engine/embedded/blas';
import { ceilings } from '../speed/machine.ts';
import { timed } from '../speed/timing.ts';
import type { Ceiling } from './step.ts';

/** The product of a dense encode at full size. */
const [M, K, N] = [1024, 768, 4096];

/**
 * Multiply-adds a second of the best float32 product that this machine has here, on all its cores, and what it is:
 * OpenBLAS where the system has it, else our plain SIMD product on one thread times the cores.
 */
export function productCeiling(seconds: number): Ceiling & { isBlas: boolean } {
  const cores = availableParallelism();
  const blas = findBlas(cores);
  if (!blas) {
    const { multiplyAddsPerSecond } = ceilings(seconds);
    return {
      isBlas: false,
      multiplyAddsPerSecond: multiplyAddsPerSecond * cores,
      of: `SIMD product of one thread, times ${cores}`,
    };
  }
  const [a, b] = [new Float32Array(M * K).fill(1), new Float32Array(K * N).fill(1)];
  const c = new Float32Array(M * N);
  const size = { m: M, n: N, k: K, transposeA: false, transposeB: false };
  const { samplesPerSecond } = timed(seconds, M * N * K, () => blas.multiply(a, b, c, size));
  return { isBlas: true, multiplyAddsPerSecond: samplesPerSecond, of: `${blas.label}, ${cores} threads` };
}
