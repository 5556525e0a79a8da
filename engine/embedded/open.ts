import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import { openNative } from '../native/open.ts';
import { openAmx } from './amx.ts';
import { EmbeddedBackend } from './backend.ts';
import type { Blas } from './dense-product.ts';
import { isEqual, isEqualInWasm, isFasterAndEqual } from './gemm.ts';
import { findLibrary } from './library.ts';
import { Pool } from './pool.ts';
import { isPrefilterHere } from './prefilter.ts';
import { isPrefilterRight } from './prefilter-trial.ts';
import { registerKernels } from './register.ts';
import { shareSavedTensors } from './saved-tensors.ts';

/** More threads than this gain nothing: they share one memory's bandwidth. */
const MAX_THREADS = 16;

/**
 * Registers the embedded backend with tfjs, once, and returns its description: "2 threads, relaxed SIMD,
 * OpenBLAS 0.3.21". ENGINE_THREADS sets the number of threads, ENGINE_BLAS the library for dense products,
 * ENGINE_NATIVE the instructions of the kernels in C, ENGINE_PREFILTER whether selections have a prefilter.
 */
export async function openEmbedded(): Promise<string> {
  // The cpu backend's kernels run wherever the embedded backend has none of its own.
  await import('@tensorflow/tfjs-backend-cpu');
  const existing = tf.findBackend('embedded') as EmbeddedBackend | null;
  if (existing) return describe(existing);
  const threads = threadsWanted();
  const pool = openPool(threads);
  const blas = libraryFor(pool);
  const backend = new EmbeddedBackend(pool, blas, isPrefiltering(pool, blas));
  tf.registerBackend('embedded', () => backend);
  registerKernels('embedded');
  shareSavedTensors();
  return describe(backend);
}

function threadsWanted(): number {
  const text = process.env.ENGINE_THREADS;
  if (text === undefined) return Math.min(MAX_THREADS, availableParallelism());
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new UserError(`ENGINE_THREADS=${text}: must be a whole number from 1 to 64`);
  }
  return threads;
}

/** With the kernels in C where a product by them has the bits that it has by WebAssembly. */
function openPool(threads: number): Pool {
  const native = openNative(new URL('./native/kernels.c', import.meta.url));
  const pool = new Pool(threads, { native });
  if (native === null || pool.build !== 'relaxed' || isEqualInWasm(pool)) return pool;
  void pool.close();
  if (isNamed('ENGINE_NATIVE')) {
    throw new UserError(`the ${native.label} kernels give wrong numbers on this machine: ENGINE_NATIVE=off`);
  }
  return new Pool(threads);
}

/**
 * What computes large dense products, as ENGINE_BLAS names it. Where it names nothing, AMX if the processor
 * has it; else kernels in C, which are as fast as a library, need none, so that results do not depend on what
 * a machine has installed. @throws UserError where what it names is not here
 */
function libraryFor(pool: Pool): Blas | null {
  const named = isNamed('ENGINE_BLAS');
  if (!named || process.env.ENGINE_BLAS === 'amx') {
    const amx = openAmx(pool);
    if (amx && isEqual(pool, amx)) return amx;
    if (named) throw new UserError(`ENGINE_BLAS=amx: ${amx ? 'it gives wrong numbers here' : NO_AMX}`);
  }
  if (pool.native && !named) return null;
  const found = findLibrary(pool.threads);
  return found && (named || isWorthIt(pool, found)) ? found : null;
}

const NO_AMX =
  'it needs an Intel Xeon with AMX (Sapphire Rapids or later), Linux 5.16 or later, and ENGINE_NATIVE=auto or avx512';

const isNamed = (variable: string): boolean => !['auto', undefined].includes(process.env[variable]);

/**
 * Whether the library is right and faster than our kernel. Asked only where it runs other kernels than it
 * would have chosen: else a busy machine could decide by which of them a run computes.
 */
function isWorthIt(pool: Pool, blas: Blas): boolean {
  return blas.instead === null || isFasterAndEqual(pool, blas);
}

/** @throws UserError where ENGINE_PREFILTER asks for what is not here, or is wrong here */
function isPrefiltering(pool: Pool, blas: Blas | null): boolean {
  if (!isPrefilterHere(pool, blas?.isAmx === true)) return false;
  if (isPrefilterRight(pool)) return true;
  if (isNamed('ENGINE_PREFILTER'))
    throw new UserError('prefiltering gives wrong numbers on this machine: ENGINE_PREFILTER=off');
  return false;
}

function describe({ pool, blas }: EmbeddedBackend): string {
  const threads = `${pool.threads} ${pool.threads === 1 ? 'thread' : 'threads'}`;
  const kernels = pool.native?.label ?? (pool.build === 'relaxed' ? 'relaxed SIMD' : 'SIMD');
  return [threads, kernels, ...(blas ? [blas.label] : [])].join(', ');
}
