// Builds the kernels as PTX, for machines with libcuda.so.1 and no OpenCL library: by clang-16 and libclc-16.
//   npm run build:ptx -- --out /tmp/ptx --ptxas /path/to/ptxas
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '#contract/atomic';
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { type Group, parametersOf, sourceOf } from '../programs.ts';

/** The instruction set of the PTX: a driver compiles it for its card, which may be newer. */
const TARGET = 'sm_80';
/** What ptxas checks it for: A100 and H100. */
const CARDS = ['sm_80', 'sm_90'];
const LIBRARY = '/usr/lib/clc/nvptx64--nvidiacl.bc';
/** The macros that each group of kernels is built with; those of the others have no form of their own. */
const GROUPS: Record<Group, readonly string[]> = {
  ...{ elementwise: [], movement: [], reductions: [], select: [], optimiser: [], tracking: [], chain: [] },
  ...{ sparse: ['VECTOR=4'], fused: ['VECTOR=4'], mma: [] },
  matmul: ['TA=0', 'TB=0', 'TX=16', 'TY=16', 'R=8', 'K=16'],
};

const command = program(
  'npm run build:ptx --',
  'Builds the OpenCL kernels as PTX, which no card has run yet.',
)
  .requiredOption('--out <folder>', 'where <group>.ptx are written')
  .option('--ptxas <file>', `NVIDIA's assembler: checks the PTX for ${CARDS.join(' and ')}`)
  .addHelpText(
    'after',
    '\nExample:\n  apt-get install clang-16 libclc-16\n  npm run build:ptx -- --out /tmp/ptx\nptxas is in the wheel nvidia-cuda-nvcc-cu12 of PyPI.',
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { out, ptxas } = command.opts<{ out: string; ptxas?: string }>();
  mkdirSync(out, { recursive: true });
  for (const [group, defines] of Object.entries(GROUPS) as [Group, readonly string[]][]) {
    const source = sourceOf(group);
    const ptx = compiled(source, group, defines);
    const missing = [...parametersOf(source).keys()].filter((name) => !ptx.includes(`.entry ${name}(`));
    if (missing.length > 0) throw new UserError(`${group}.ptx lacks ${missing.join(', ')}`, 1);
    const file = join(out, `${group}.ptx`);
    writeFileAtomic(file, ptx);
    for (const card of ptxas === undefined ? [] : CARDS)
      run(ptxas ?? '', [`-arch=${card}`, '-o', '/dev/null', file], '');
    process.stdout.write(
      `${file}: ${parametersOf(source).size} kernels${ptxas ? `, taken by ptxas for ${CARDS.join(', ')}` : ''}\n`,
    );
  }
  return 0;
});

/** PTX of a source. @throws UserError with the compiler's first line */
function compiled(source: string, group: Group, defines: readonly string[]): string {
  const front = ['-finclude-default-header', '-target-cpu', TARGET, '-mlink-bitcode-file', LIBRARY];
  const macros = ['GROUP=256', ...defines].map((macro) => `-D${macro}`);
  const words = ['-x', 'cl', '-cl-std=CL1.2', '--target=nvptx64-nvidia-nvcl', '-O3', '-w', ...macros];
  try {
    return run(
      'clang-16',
      [...words, ...front.flatMap((word) => ['-Xclang', word]), '-S', '-', '-o', '-'],
      source,
    );
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${group}: ${error.message}`, error.exitCode) : error;
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
