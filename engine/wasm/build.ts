import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeFileAtomic } from '#contract/atomic';

const SOURCE = new URL('./kernels.as', import.meta.url);
const TARGET = new URL('./kernels.wasm', import.meta.url);

/** Compiles kernels.as (AssemblyScript) and returns the bytes that stand in kernels.wasm. */
export async function compileKernels(): Promise<Uint8Array> {
  // A development dependency: only this script and its test need the compiler.
  const asc = await import('assemblyscript/asc');
  const source = readFileSync(SOURCE, 'utf8');
  let binary: Uint8Array | null = null;
  const options = '--outFile kernels.wasm -O3 --noAssert --runtime stub --importMemory --enable simd';
  const { error, stderr } = await asc.main(['kernels.ts', ...options.split(' ')], {
    readFile: (name) => (name === 'kernels.ts' ? source : null),
    writeFile: (name, content) => {
      if (name === 'kernels.wasm' && content instanceof Uint8Array) binary = content;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`kernels.as does not compile: ${stderr.toString()}`);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileAtomic(fileURLToPath(TARGET), await compileKernels());
}
