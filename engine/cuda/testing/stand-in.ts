import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noDevice } from '../../opencl/testing/here.ts';
import { cudaLibrary } from '../library.ts';

/** A library that stands in for NVIDIA's driver, computed by PoCL: stand-in/stand-in.h. */
interface StandIn {
  /** Why it refused the last call. */
  reason(): string;
  /** Has it look for sources of PTX in that folder too. */
  sources(folder: string): void;
  /** Has it take PTX up to that version only; 0: any. */
  newest(version: number): void;
  /** Has launches fail with that number from now on; 0: not any more. */
  fail(code: number): void;
  /** Lets the device have that many bytes beside those in use now; 0: what the processor has. */
  limit(bytes: number): void;
  /** Has copies to the device done as early as may be (1), or as late (0). */
  hasty(wanted: number): void;
  /** Has it refuse graphs (1), or not. */
  refuseGraphs(wanted: number): void;
  /** Has it say that it is a card of that compute capability (75: 7.5), or none (0); 1: in the processor. */
  pose(capability: number, integrated: number): void;
  /** Has it have that many cards, of which CUDA_VISIBLE_DEVICES names those that are seen. */
  devices(count: number): void;
  /** The card whose context this thread has, as the system numbers it; -1: none. */
  current(): number;
}

const SOURCES = join(import.meta.dirname, 'stand-in');
const KERNELS = join(import.meta.dirname, '..', '..', 'opencl', 'kernels');
const COMPILERS = ['cc', 'gcc', 'clang', 'clang-16'];
const WORDS = ['-O1', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-fvisibility=hidden'];

const compiler = COMPILERS.find((name) => spawnSync(name, ['--version']).status === 0);

/** Why it cannot be built here; null if it can. */
export const noStandIn: string | null =
  noDevice ?? (compiler === undefined ? 'no C compiler for the stand-in of libcuda.so.1' : null);

let loaded: StandIn | null = null;

/** Builds it and has the engine use it as the CUDA driver in this process. */
export function standIn(): StandIn {
  loaded ??= load();
  return loaded;
}

/** Builds it as libcuda.so.1 of a folder, for LD_LIBRARY_PATH of other processes. Returns its path. */
export function buildStandIn(folder: string): string {
  const file = join(folder, 'libcuda.so.1');
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.c'));
  const words = [...WORDS, `-DKERNELS="${KERNELS}"`, '-o', file, ...sources, '-ldl'];
  const { status, stderr } = spawnSync(compiler ?? '', words, { cwd: SOURCES, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the stand-in does not compile: ${stderr}`);
  return file;
}

function load(): StandIn {
  const folder = mkdtempSync(join(tmpdir(), 'stand-in-'));
  const file = buildStandIn(folder);
  cudaLibrary([file]);
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load(file);
  rmSync(folder, { recursive: true });
  return {
    reason: library.func('const char *standInReason()'),
    sources: library.func('void standInSources(const char *)'),
    newest: library.func('void standInNewest(int)'),
    fail: library.func('void standInFail(int)'),
    limit: library.func('void standInLimit(size_t)'),
    hasty: library.func('void standInHasty(int)'),
    refuseGraphs: library.func('void standInRefuseGraphs(int)'),
    pose: library.func('void standInPose(int, int)'),
    devices: library.func('void standInDevices(int)'),
    current: library.func('int standInCurrent()'),
  };
}
