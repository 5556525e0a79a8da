import { readFileSync } from 'node:fs';

/**
 * The builds of kernels/all.as: with relaxed SIMD (fused multiply-add), and without it for machines that do
 * not support it.
 */
export const builds = ['relaxed', 'plain'] as const;
export type Build = (typeof builds)[number];

export const wasmOf = (build: Build): URL => new URL(`./kernels/${build}.wasm`, import.meta.url);

/** Compiles the kernels (AssemblyScript) and returns the bytes of kernels/<build>.wasm. */
export async function compileKernels(build: Build): Promise<Uint8Array> {
  // A development dependency: only this script and its test need the compiler.
  const asc = await import('assemblyscript/asc');
  let binary: Uint8Array | null = null;
  const options = [
    ...'--outFile kernels.wasm -O3 --noAssert --runtime stub'.split(' '),
    ...'--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536'.split(' '),
    // V8 checks memory.fill and memory.copy against the memory size that the thread knows, which may lack
    // another thread's growth of the memory.
    ...'--disable bulk-memory'.split(' '),
    ...`--enable simd,threads${build === 'relaxed' ? ',relaxed-simd' : ''}`.split(' '),
  ];
  const { error, stderr } = await asc.main(['all.ts', ...options], {
    readFile: (name) =>
      /^\w+\.ts$/.test(name)
        ? readFileSync(new URL(`./kernels/${name.replace(/ts$/, 'as')}`, import.meta.url), 'utf8')
        : null,
    writeFile: (name, content) => {
      if (name === 'kernels.wasm' && content instanceof Uint8Array) binary = content;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`the kernels do not compile: ${stderr.toString()}`);
  return binary;
}
