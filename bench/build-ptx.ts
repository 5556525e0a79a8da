// Builds the kernels as PTX, for machines with libcuda.so.1 and no OpenCL library: by clang-16 and libclc-16.
//   npm run build:ptx -- --ptxas /path/to/ptxas
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsed, program } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { buildPtx, CARDS } from '#engine/cuda/compile';
import { folderOf, VARIANTS } from '#engine/cuda/variants';
import { VARIANTS as OF_SAMPLER } from './sampler/device/kernels.ts';

const command = program(
  'npm run build:ptx --',
  'Builds the kernels of the engine and of the device sampler as PTX.',
)
  .option('--out <folder>', 'write into its folders engine and sampler instead')
  .option('--ptxas <file>', `NVIDIA's assembler: checks the PTX for ${CARDS.join(', ')}`)
  .addHelpText(
    'after',
    '\nExample:\n  apt-get install clang-16 libclc-16\n  npm run build:ptx\nptxas is in the wheel nvidia-cuda-nvcc-cu12 of PyPI.',
  );

await runMain(async () => {
  if (!parsed(command)) return 0;
  const { out, ptxas } = command.opts<{ out?: string; ptxas?: string }>();
  for (const [name, variants] of Object.entries({ engine: VARIANTS, sampler: OF_SAMPLER })) {
    const folder = out === undefined ? fileURLToPath(folderOf(variants[0].of)) : join(out, name);
    const kernels = buildPtx(variants, folder, ptxas);
    const checked = ptxas === undefined ? '' : `, taken by ptxas for ${CARDS.join(', ')}`;
    process.stdout.write(`${folder}: ${variants.length} files, ${kernels} kernels${checked}\n`);
  }
  return 0;
});
