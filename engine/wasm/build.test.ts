import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileKernels } from './build.ts';

it('kernels.wasm is what kernels.as compiles to', async () => {
  const built = await compileKernels();
  const committed = readFileSync(new URL('./kernels.wasm', import.meta.url));
  expect(Buffer.compare(Buffer.from(built), committed)).toBe(0);
});
