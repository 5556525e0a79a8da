import { expect, it, vi } from 'vitest';
import type { TestModule, Vitest } from 'vitest/node';
import Skips, { notToBeSkipped, untested } from './skips.ts';

it('says what was not tested, how much of it, and what to install', () => {
  const skipped = [
    'sae/cli/train.e2e.test.ts: no small disk can be mounted here',
    ...Array<string>(3).fill('host/bubblewrap.integration.test.ts'),
    'agent/sandbox.e2e.test.ts',
    'engine/embedded/blas.test.ts',
    'bench/build-ptx.e2e.test.ts',
    'engine/native/build.e2e.test.ts',
    ...['engine/native/native.test.ts', 'engine/embedded/native.test.ts', 'bench/eval/compare-rows.test.ts'],
    'engine/cuda/testing/stand-in.integration.test.ts',
    'sae/trainer/cuda.integration.test.ts',
    'speed/proof/full-memory.integration.test.ts',
    'bench/sampler/device/synth-16k.e2e.test.ts',
    ...['sae/encoding.test.ts', 'sae/trainer/steps.test.ts', 'bench/sampler/distribution.test.ts'],
    'speed/step/step.e2e.test.ts',
  ];
  expect(untested(skipped)).toEqual([
    'Not tested here (19 skipped):',
    '  a trainer on a full disk (1): run it where a user namespace may mount a tmpfs',
    '  the sandbox (4): install bubblewrap (apt-get install bubblewrap), where user namespaces are allowed',
    '  OpenBLAS in the engine (1): install OpenBLAS (apt-get install libopenblas0-pthread)',
    '  the kernels for OpenCL devices (5): install a driver, or PoCL in software (apt-get install pocl-opencl-icd ocl-icd-libopencl1)',
    '  the PTX as the build of its sources (1): install clang and libclc (apt-get install clang-16 libclc-16)',
    '  the kernels in C as the build of their sources (1): install clang and a linker (apt-get install clang-16 binutils)',
    '  the kernels in C (3): run it on Linux on x64, on a processor with AVX2 and AVX-512, with the package koffi',
    '  the kernels by the CUDA driver, on a stand-in of it (3): install a C compiler and PoCL (apt-get install gcc libc6-dev pocl-opencl-icd ocl-icd-libopencl1)',
  ]);
});

it('names the files of what it does not know, and is silent where nothing was skipped', () => {
  expect(untested(['sae/new.test.ts', 'sae/new.test.ts'])).toEqual([
    'Not tested here (2 skipped):',
    '  tests of sae/new.test.ts (2)',
  ]);
  expect(untested([])).toEqual([]);
});

it('lets CI skip what has a reason, and nothing else', () => {
  expect(notToBeSkipped(['engine/webgpu/webgpu.test.ts', 'sae/saelens/saelens.integration.test.ts'])).toEqual(
    [],
  );
  expect(
    notToBeSkipped([
      ...['agent/sandbox.e2e.test.ts', 'agent/sandbox.e2e.test.ts'],
      ...['engine/embedded/blas.test.ts', 'sae/new.test.ts'],
      ...['sae/export.integration.test.ts: Python with numpy is not here', 'sae/new.test.ts: it is late'],
    ]),
  ).toEqual(['agent/sandbox.e2e.test.ts', 'sae/new.test.ts']);
});

it('says nothing of tests that -t leaves out', () => {
  const skipped = { result: () => ({ state: 'skipped' }) };
  const file = 'host/bubblewrap.integration.test.ts';
  const module = { relativeModuleId: file, children: { allTests: () => [skipped] } };
  const saidWith = (testNamePattern: RegExp | undefined) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const [ci, code] = [process.env.CI, process.exitCode];
    delete process.env.CI;
    const reporter = new Skips();
    reporter.onInit({ config: { testNamePattern } } as Vitest);
    reporter.onTestRunEnd([module as unknown as TestModule]);
    const said = write.mock.calls.join('');
    write.mockRestore();
    if (ci !== undefined) process.env.CI = ci;
    process.exitCode = code;
    return said;
  };
  expect(saidWith(undefined)).toContain('Not tested here (1 skipped)');
  expect(saidWith(/one/)).toBe('');
});
