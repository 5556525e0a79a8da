// Builds the kernels as PTX, for machines with libcuda.so.1 and no OpenCL library: by clang-16 and libclc-16.
//   npm run build:ptx -- --ptxas /path/to/ptxas
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '#contract/atomic';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { parametersOf, sourceOf } from '../opencl/programs.ts';
import { compilerWords, FOLDER, fileOf, headOf, VARIANTS, type Variant } from './variants.ts';

/** What ptxas checks it for: T4, A100, H100, B200 and the GeForce cards of that kind. */
const CARDS = ['sm_75', 'sm_80', 'sm_90', 'sm_100', 'sm_120'];

const command = program(
  'npm run build:ptx --',
  'Builds the kernels as PTX into engine/cuda/ptx. No card has run it yet.',
)
  .option('--out <folder>', 'where the files are written', fileURLToPath(FOLDER))
  .option('--ptxas <file>', `NVIDIA's assembler: checks the PTX for ${CARDS.join(', ')}`)
  .addHelpText(
    'after',
    '\nExample:\n  apt-get install clang-16 libclc-16\n  npm run build:ptx\nptxas is in the wheel nvidia-cuda-nvcc-cu12 of PyPI.',
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { out, ptxas } = command.opts<{ out: string; ptxas?: string }>();
  mkdirSync(out, { recursive: true });
  let kernels = 0;
  for (const variant of VARIANTS) {
    const file = join(out, fileOf(variant));
    writeFileAtomic(file, compiled(variant));
    kernels += parametersOf(sourceOf(variant.group)).size;
    if (ptxas === undefined) continue;
    for (const card of CARDS) run(ptxas, [`-arch=${card}`, '-o', '/dev/null', file], '');
  }
  const built = VARIANTS.map(fileOf);
  for (const file of readdirSync(out))
    if (file.endsWith('.ptx') && !built.includes(file)) rmSync(join(out, file));
  process.stdout.write(
    `${out}: ${built.length} files, ${kernels} kernels${ptxas ? `, taken by ptxas for ${CARDS.join(', ')}` : ''}\n`,
  );
  return 0;
});

/** PTX of a variant. @throws UserError with the compiler's first line, or the kernels that it lacks */
function compiled(variant: Variant): string {
  const source = sourceOf(variant.group);
  try {
    const ptx = run('clang-16', compilerWords(variant), source);
    const missing = [...parametersOf(source).keys()].filter((name) => !ptx.includes(`.entry ${name}(`));
    if (missing.length > 0) throw new UserError(`its PTX lacks ${missing.join(', ')}`, 1);
    return `${headOf(variant)}\n${ptx}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${fileOf(variant)}: ${error.message}`, error.exitCode);
  }
}

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
