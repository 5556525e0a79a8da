import { availableParallelism } from 'node:os';
import { innerProducts } from '#bench/gemm';
import { findBlas } from '#engine/embedded/blas';
import type { Ceiling } from './step.ts';

/** The product of a dense encode at full size. */
const [M, K, N] = [1024, 768, 4096];

/**
 * The best float32 product of this machine, on all its cores, but for AMX, by which an encode may have more
 * than all of it: OpenBLAS where the system has it, else the project's plain SIMD product on one thread times
 * the cores. The fastest round counts, so that other load
 * on the machine does not lower the result.
 */
export function productCeiling(seconds: number): Ceiling & { isBlas: boolean } {
  const cores = availableParallelism();
  const a = new Float32Array(M * K).fill(1);
  const b = new Float32Array(K * N).fill(1);
  const blas = findBlas(cores);
  if (!blas) {
    const ms = fastest(seconds, () => innerProducts(a, b, K));
    return { isBlas: false, ...rate(ms / cores), of: `SIMD product of one thread, times ${cores}` };
  }
  const c = new Float32Array(M * N);
  const size = { m: M, n: N, k: K, transposeA: false, transposeB: false };
  const ms = fastest(seconds, () => blas.multiply(a, b, c, size));
  return { isBlas: true, ...rate(ms), of: `${blas.label}, ${cores} threads` };
}

const rate = (ms: number) => ({ multiplyAddsPerSecond: (M * K * N * 1000) / ms });

function fastest(seconds: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < end || best === Number.POSITIVE_INFINITY; ) {
    work();
    const later = performance.now();
    best = Math.min(best, later - now);
    now = later;
  }
  return best;
}
