import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The dense product of a BLAS library of the system: c [m, n] = a [m, k] · b [k, n], each operand given as
 * its transpose or not.
 */
export interface Blas {
  /** "OpenBLAS 0.3.21". */
  label: string;
  multiply(
    a: Float32Array,
    b: Float32Array,
    c: Float32Array,
    size: { m: number; n: number; k: number; transposeA: boolean; transposeB: boolean },
  ): void;
}

/**
 * Where systems install the build of OpenBLAS that has its own threads (pthreads): folders, and file names.
 */
const FOLDERS = [
  '/usr/lib/x86_64-linux-gnu/openblas-pthread',
  '/usr/lib/aarch64-linux-gnu/openblas-pthread',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/usr/local/lib',
  '/opt/homebrew/opt/openblas/lib',
  '/usr/local/opt/openblas/lib',
];
const NAMES = ['libopenblasp.so.0', 'libopenblas.so.0', 'libopenblas.so', 'libopenblas.dylib'];

const ROW_MAJOR = 101;
const [PLAIN, TRANSPOSED] = [111, 112];
const PTHREADS = 1;

/** Finds OpenBLAS on this system; null if there is none that can be used. OpenBLAS is optional. */
export function findBlas(threads: number, folders: readonly string[] = FOLDERS): Blas | null {
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of paths) {
    if (!existsSync(path) || needsOpenMp(path)) continue;
    const blas = load(path, threads);
    if (blas) return blas;
  }
  return null;
}

/**
 * Whether the library is linked to libgomp, which crashed at the end of small runs when it was loaded this
 * way.
 */
export function needsOpenMp(path: string): boolean {
  // A library lists the names of those that it needs near its start.
  const head = Buffer.alloc(4 << 20);
  const file = openSync(path, 'r');
  try {
    return head.subarray(0, readSync(file, head, 0, head.length, 0)).includes('libgomp.so');
  } finally {
    closeSync(file);
  }
}

function load(path: string, threads: number): Blas | null {
  // By default OpenBLAS' threads spin for milliseconds after a product, on the cores that the pool's threads
  // need.
  process.env.OPENBLAS_THREAD_TIMEOUT ??= '8';
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(path);
    if (library.func('int openblas_get_parallel()')() !== PTHREADS) return null;
    library.func('void openblas_set_num_threads(int)')(threads);
    const config = library.func('const char *openblas_get_config()')() as string;
    const sgemm = library.func(
      'void cblas_sgemm(int, int, int, int, int, int, float, void *, int, void *, int, float, void *, int)',
    );
    return {
      label: config.split(' ').slice(0, 2).join(' '),
      multiply(a, b, c, { m, n, k, transposeA, transposeB }) {
        const [opA, opB] = [transposeA, transposeB].map((t) => (t ? TRANSPOSED : PLAIN));
        sgemm(ROW_MAJOR, opA, opB, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);
      },
    };
  } catch {
    return null;
  }
}
