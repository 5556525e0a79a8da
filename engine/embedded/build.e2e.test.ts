import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builds, compileKernels, wasmOf } from './build.ts';

it.each(builds)('%s.wasm is what the sources compile to', async (build) => {
  const built = await compileKernels(build);
  expect(Buffer.compare(Buffer.from(built), readFileSync(wasmOf(build)))).toBe(0);
});
