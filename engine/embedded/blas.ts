import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Blas } from './dense-product.ts';
import { newerCore, readCpuinfo } from './processor.ts';

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

/** The processor to name to the library, which takes this one for `core`; null to leave it at that. */
type Newer = (core: string) => string | null;

/** Finds OpenBLAS on this system; null if there is none that can be used. OpenBLAS is optional. */
export function findBlas(
  threads: number,
  folders: readonly string[] = FOLDERS,
  newer: Newer = (core) => newerCore(core, readCpuinfo()),
): Blas | null {
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of paths) {
    if (!existsSync(path) || needsOpenMp(path)) continue;
    const blas = load(path, threads, newer);
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

/** The variable by which OpenBLAS is told which processor this is. It is read when the library is loaded. */
const CORE = 'OPENBLAS_CORETYPE';

function load(path: string, threads: number, newer: Newer): Blas | null {
  // By default OpenBLAS' threads spin for milliseconds after a product, on the cores that the pool's threads
  // need.
  process.env.OPENBLAS_THREAD_TIMEOUT ??= '8';
  try {
    const { koffi, library, core } = opened(path);
    const wanted = process.env[CORE] || !isForAll(library) ? null : newer(core);
    if (!wanted) return blasOf(library, threads, null);
    library.unload();
    process.env[CORE] = wanted;
    try {
      const again = koffi.load(path);
      // Where something else still uses the library it keeps its kernels.
      return blasOf(again, threads, coreOf(again) === core ? null : core);
    } finally {
      delete process.env[CORE];
    }
  } catch {
    return null;
  }
}

type Library = ReturnType<typeof import('koffi').load>;

function opened(path: string) {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load(path);
  return { koffi, library, core: coreOf(library) };
}

const coreOf = (library: Library): string => library.func('const char *openblas_get_corename()')() as string;
const configOf = (library: Library): string => library.func('const char *openblas_get_config()')() as string;

/** Whether the library has kernels for many processors, and not for the one alone that it was built for. */
const isForAll = (library: Library): boolean => configOf(library).includes('DYNAMIC_ARCH');

function blasOf(library: Library, threads: number, instead: string | null): Blas | null {
  if (library.func('int openblas_get_parallel()')() !== PTHREADS) return null;
  library.func('void openblas_set_num_threads(int)')(threads);
  const sgemm = library.func(
    'void cblas_sgemm(int, int, int, int, int, int, float, void *, int, void *, int, float, void *, int)',
  );
  const name = configOf(library).split(' ').slice(0, 2).join(' ');
  return {
    label: `${name} ${coreOf(library)}${instead ? ` instead of ${instead}` : ''}`,
    instead,
    multiply(a, b, c, { m, n, k, transposeA, transposeB }) {
      const [opA, opB] = [transposeA, transposeB].map((t) => (t ? TRANSPOSED : PLAIN));
      sgemm(ROW_MAJOR, opA, opB, m, n, k, 1, a, transposeA ? m : k, b, transposeB ? k : n, 0, c, n);
    },
  };
}
