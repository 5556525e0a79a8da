import type { KernelMemory } from '../kernel-memory.ts';

/** The exports of kernels.wasm; pointers are bytes. See kernels.as. */
export interface SamplerKernels {
  fireBounds(
    z: number,
    loadings: number,
    offsets: number,
    out: number,
    maxima: number,
    rows: number,
    buckets: number,
    pairs: number,
    shift: number,
  ): void;
  familyArguments(
    z: number,
    loadings: number,
    cutoffs: number,
    out: number,
    quads: number,
    rank: number,
  ): void;
  synthesise(
    offsets: number,
    features: number,
    values: number,
    vectors: number,
    bias: number,
    x: number,
    rows: number,
    stride: number,
  ): void;
}

export function openKernels(memory: KernelMemory): SamplerKernels {
  return memory.open<SamplerKernels>(new URL('./kernels.wasm', import.meta.url));
}
