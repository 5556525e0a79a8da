import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unpackWheel } from './unpack.ts';

const folder = mkdtempSync(join(tmpdir(), 'wheel-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Made by Python's zipfile, as wheels are: a file of each kind that is needed, and three of Python. */
const wheel = join(import.meta.dirname, 'testing', 'wheel.zip');

it('takes libraries, headers of the C interface, tools of CUDA and licences, where pip has them', async () => {
  const to = join(folder, 'whole');
  expect(await unpackWheel(wheel, to)).toBe(6);
  const files = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(to, name)).isFile(),
  );
  expect(files.sort()).toEqual([
    'nvidia/cublas/lib/libcublas.so.12',
    'nvidia/cuda_nvcc/bin/ptxas',
    'tensorflow-2.21.0.dist-info/licenses/LICENSE',
    'tensorflow/include/tensorflow/c/eager/c_api.h',
    'tensorflow/include/tensorflow/core/platform/ctstring_internal.h',
    'tensorflow/libtensorflow_cc.so.2',
  ]);
  for (const file of files) expect(readFileSync(join(to, file), 'utf8')).toBe(`${file}\n`);
  expect(statSync(join(to, 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o111).toBe(0o111);
});

it('writes nothing outside of its folder', async () => {
  const outside = join(import.meta.dirname, 'testing', 'outside.zip');
  await expect(unpackWheel(outside, join(folder, 'a', 'b'))).rejects.toThrow(
    /was not unpacked: invalid relative path/,
  );
  expect(existsSync(join(folder, 'outside.so.2'))).toBe(false);
});

it('reports a file that is no wheel, or half of one, in one line', async () => {
  for (const bytes of [Buffer.from('no wheel'), readFileSync(wheel).subarray(0, 700)]) {
    const path = join(folder, 'damaged.whl');
    writeFileSync(path, bytes);
    await expect(unpackWheel(path, join(folder, 'damaged'))).rejects.toThrow(
      /^\S+damaged\.whl was not unpacked: [^\n]+$/,
    );
  }
});
