import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builtPath, compileKernels, KERNELS } from './build-wasm.ts';

it.each(KERNELS.map((source) => [source.pathname.split('/').at(-1), source] as const))(
  '%s compiles to the .wasm beside it',
  async (_, source) => {
    expect(Buffer.from(await compileKernels(source)).equals(readFileSync(builtPath(source)))).toBe(true);
  },
);
