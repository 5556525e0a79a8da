import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { isAmxHere } from './amx.ts';

const program = fileURLToPath(new URL('./testing/steps.ts', import.meta.url));

async function trained(
  env: Record<string, string>,
  backend = 'embedded',
): Promise<{ label: string; hash: string }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, backend], {
    env: { ...process.env, ENGINE_BLAS: 'off', ...env },
  });
  const [label, hash] = stdout.split('\n');
  return { label, hash };
}

it('training is bit for bit the same on one thread and on three, and by kernels in C', async () => {
  const one = await trained({ ENGINE_THREADS: '1', ENGINE_NATIVE: 'off' });
  const three = await trained({ ENGINE_THREADS: '3', ENGINE_NATIVE: 'off' });
  const native = [await trained({ ENGINE_THREADS: '1' }), await trained({ ENGINE_THREADS: '3' })];
  expect(one.label).toMatch(/embedded \(1 thread, relaxed SIMD\)$/);
  expect(three.label).toMatch(/embedded \(3 threads, relaxed SIMD\)$/);
  expect(native[1].label).toMatch(/embedded \(3 threads, (AVX-512|AVX2|relaxed SIMD)\)$/);
  expect(one.hash).toMatch(/^[0-9a-f]{64}$/);
  expect([three, ...native].map(({ hash }) => hash)).toEqual(Array(3).fill(one.hash));
});

it.each(['embedded', 'auto'])('%s refuses a number of threads that is none, in one line', async (backend) => {
  // With a GPU, `auto` would not reach the backend that reads ENGINE_THREADS.
  const noGpu = { VK_DRIVER_FILES: '/nowhere.json', CUDA_VISIBLE_DEVICES: '' };
  await expect(
    trained({ ENGINE_THREADS: 'many', ENGINE_BACKEND: 'auto', ...noGpu }, backend),
  ).rejects.toThrow('ENGINE_THREADS=many: must be a whole number from 1 to 64');
});

it('refuses a word for OpenBLAS that it does not know: a misspelt off would leave it on', async () => {
  await expect(trained({ ENGINE_BLAS: 'none' })).rejects.toThrow(
    'ENGINE_BLAS=none: must be one of auto, amx, openblas, onnx, off',
  );
});

it('computes by AMX where the processor has it, and says in one line where it cannot', async () => {
  const [unasked, amx] = [await trained({ ENGINE_BLAS: 'auto' }), isAmxHere()];
  if (amx) {
    expect(unasked.label).toMatch(/AVX-512, AMX\)$/);
    expect(await trained({ ENGINE_BLAS: 'amx' })).toEqual(unasked);
  } else expect(unasked.label).not.toContain('AMX');
  await expect(trained({ ENGINE_BLAS: 'amx', ENGINE_NATIVE: 'off' })).rejects.toThrow(
    'ENGINE_BLAS=amx: it needs an Intel Xeon with AMX',
  );
});
