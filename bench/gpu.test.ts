import { expect, it } from 'vitest';
import { gpuBackend } from './gpu.ts';

const here = (works: string, gpu = true) =>
  gpuBackend(async (name) => {
    if (name !== works) throw new Error(`${name} is missing\nand more`);
    return { gpu, label: `${name} (a device)` };
  });

it.each(['cuda', 'opencl', 'node-gpu', 'webgpu'])('finds a GPU by %s alone', async (name) => {
  expect(await here(name)).toEqual({ name });
});

it('says of each backend why it is none, a software driver too', async () => {
  expect(await here('opencl', false)).toEqual({
    none: 'cuda is missing; opencl (a device) is no GPU; node-gpu is missing; webgpu is missing',
  });
});
