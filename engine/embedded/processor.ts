import { readFileSync } from 'node:fs';

/**
 * OpenBLAS' names of processors with kernels for AVX2, and of those for AVX-512. It knows only models from
 * before its release, and takes kernels for SSE3 on a later one.
 */
const AVX2 = ['Haswell', 'Zen'];
const AVX512 = ['SkylakeX', 'Cooperlake', 'SapphireRapids'];

/**
 * The name whose kernels OpenBLAS should take, where those of its own choice are older than the features of
 * the processor; null where they are not. `cpuinfo` is the text of /proc/cpuinfo.
 */
export function newerCore(chosen: string, cpuinfo: string): string | null {
  const wanted = coreOf(cpuinfo);
  return wanted && age(wanted) < age(chosen) ? wanted : null;
}

/** Steps back from the newest kernels. */
const age = (core: string): number => (AVX512.includes(core) ? 0 : AVX2.includes(core) ? 1 : 2);

/** The features of a processor, as Linux names them, by the text of its /proc/cpuinfo. */
export const featuresOf = (cpuinfo: string): Set<string> =>
  new Set(/^flags\s*: (.*)$/m.exec(cpuinfo)?.[1].split(' '));

function coreOf(cpuinfo: string): string | null {
  const features = featuresOf(cpuinfo);
  const has = (...names: string[]) => names.every((name) => features.has(name));
  // OpenBLAS has kernels of its own for AMD's processors with AVX2, and uses them for those with AVX-512 too.
  if (/^vendor_id\s*: AuthenticAMD/m.test(cpuinfo)) return has('avx2', 'fma') ? 'Zen' : null;
  if (has('avx512f', 'avx512bw', 'avx512dq', 'avx512vl')) return 'SkylakeX';
  return has('avx2', 'fma') ? 'Haswell' : null;
}

/** /proc/cpuinfo; empty where there is none. */
export function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
