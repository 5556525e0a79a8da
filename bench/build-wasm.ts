import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '#contract/atomic';
import { parsed, program } from '#contract/command-line';
import { runMain } from '#contract/errors';
import { builds, compileKernels as compileEngine, wasmOf } from '#engine/embedded/build';

/** Kernels in AssemblyScript: X.as is built into X.wasm beside it, and both are committed. */
export const KERNELS = ['./sampler/kernels.as', './gemm.as'].map((path) => new URL(path, import.meta.url));

export function builtPath(source: URL): string {
  return fileURLToPath(source).replace(/\.as$/, '.wasm');
}

/** Compiles a kernel source and returns the bytes of its .wasm. */
export async function compileKernels(source: URL): Promise<Uint8Array> {
  // A development dependency: only this script and its test need the compiler.
  const asc = await import('assemblyscript/asc');
  const text = readFileSync(source, 'utf8');
  let binary: Uint8Array | null = null;
  const { error, stderr } = await asc.main(
    [
      'kernels.ts',
      '--outFile',
      'kernels.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--enable',
      'simd',
    ],
    {
      readFile: (name) => (name === 'kernels.ts' ? text : null),
      writeFile: (name, content) => {
        if (name === 'kernels.wasm' && content instanceof Uint8Array) binary = content;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`${source.pathname} does not compile: ${stderr.toString()}`);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const command = program(
    'npm run build:wasm --',
    'Builds the kernels of bench/ and engine/ in AssemblyScript as .wasm beside their sources; half a minute.',
  ).addHelpText('after', '\nExample:\n  npm run build:wasm');
  await runMain(async () => {
    if (!parsed(command)) return 0;
    const write = (path: string, built: Uint8Array) => {
      writeFileAtomic(path, built);
      process.stdout.write(`${path}: ${built.length} bytes\n`);
    };
    for (const source of KERNELS) write(builtPath(source), await compileKernels(source));
    for (const build of builds) write(fileURLToPath(wasmOf(build)), await compileEngine(build));
    return 0;
  });
}
