// Installs ONNX Runtime for dense products, for machines where neither our kernels in C nor OpenBLAS run.
//   npm run setup:onnx
import { parsed, program } from '#contract/command-line';
import { runMain, UserError } from '#contract/errors';
import { findOnnx } from '../embedded/onnx.ts';
import { installPackages, onnxRuntime } from '../install-packages.ts';

const command = program(
  'npm run setup:onnx --',
  'Installs the npm package onnxruntime-node (288 MB), whose dense product is as fast as that of OpenBLAS. `npm ci` removes it again.',
).addHelpText(
  'after',
  `
Example:
  npm run setup:onnx && npm run train -- baseline_batchtopk --blas onnx
Without --blas, a run uses it where the kernels in C do not run and the system has no OpenBLAS.`,
);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runMain(async () => {
  if (!parsed(command)) return 0;
  const complaint = installPackages([onnxRuntime], say);
  if (complaint !== null) throw new UserError(`onnxruntime-node is not installed: ${complaint}`, 1);
  const found = findOnnx(1);
  if (found === null)
    throw new UserError(
      `onnxruntime-node is installed, and its library cannot be loaded for ${process.platform} on ${process.arch}`,
      1,
    );
  say(`${found.label} is installed: --blas onnx uses it`);
  return 0;
});
