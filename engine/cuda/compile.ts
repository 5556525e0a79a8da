import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { UserError } from '#contract/errors';
import { parametersOf, sourceOf } from '../opencl/programs.ts';
import { compilerWords, fileOf, headOf, limitsOf, oldestOf, type Variant } from './variants.ts';

/** What ptxas checks PTX for: V100 (as 7.5: it knows no 7.0 any more), A100, H100, B200 and GeForce cards. */
export const CARDS = ['sm_75', 'sm_80', 'sm_86', 'sm_89', 'sm_90', 'sm_100', 'sm_120'];

/**
 * Writes the PTX of these variants into a folder, and removes other PTX there. `ptxas`: NVIDIA's assembler,
 * which has to take it for all cards. Returns how many kernels there are.
 * @throws UserError where the compiler is not here, or refuses
 */
export function buildPtx(variants: readonly Variant[], out: string, ptxas?: string): number {
  mkdirSync(out, { recursive: true });
  let kernels = 0;
  for (const variant of variants) {
    const file = join(out, fileOf(variant));
    writeFileAtomic(file, compiled(variant));
    kernels += parametersOf(sourceOf(variant.of)).size;
    if (ptxas === undefined) continue;
    const number = (card: string) => Number(card.slice('sm_'.length));
    const oldest = number(oldestOf(variant.of));
    for (const card of CARDS.filter((each) => number(each) >= oldest))
      run(ptxas, [`-arch=${card}`, '-o', '/dev/null', file], '');
  }
  const built = variants.map(fileOf);
  for (const file of readdirSync(out))
    if (file.endsWith('.ptx') && !built.includes(file)) rmSync(join(out, file));
  return kernels;
}

/** PTX of a variant. @throws UserError with the compiler's first line, or the kernels that it lacks */
function compiled(variant: Variant): string {
  const source = sourceOf(variant.of);
  try {
    const ptx = withLimits(run('clang-16', compilerWords(variant), source), limitsOf(variant));
    const missing = [...parametersOf(source).keys()].filter((name) => !ptx.includes(`.entry ${name}(`));
    if (missing.length > 0) throw new UserError(`its PTX lacks ${missing.join(', ')}`, 1);
    return `${headOf(variant)}\n${ptx}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${fileOf(variant)}: ${error.message}`, error.exitCode);
  }
}

/** PTX with these words behind the parameters of each entry: OpenCL C has none for them. */
const withLimits = (ptx: string, limits: string): string =>
  ptx.replace(/^\.visible \.entry \w+\([^)]*\)\n/gm, (entry) => entry + limits);

function run(file: string, words: readonly string[], input: string): string {
  const { status, stdout, stderr, error } = spawnSync(file, words, {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error)
    throw new UserError(`${file} cannot be started (${error.message}): apt-get install clang-16 libclc-16`);
  if (status === 0) return stdout;
  throw new UserError(stderr.split('\n').find((line) => /error/i.test(line)) ?? `${file} failed`, 1);
}
