import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { described, describedGpu, gpuBackends } from './needs.ts';
import type { System } from './system.ts';

const folder = mkdtempSync(join(tmpdir(), 'gpu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A machine that has these files. */
function machine(name: string, files: Record<string, string>, env: System['env'] = {}): System {
  const root = join(folder, name);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, env, platform: 'linux' };
}

const libraries = (where: string, names: string[]) =>
  Object.fromEntries(names.map((n) => [`${where}/${n}`, '']));
const driver = {
  'proc/driver/nvidia/version':
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version: 12\n',
  'proc/driver/nvidia/gpus/0000:01:00.0/information': 'Model: \t\t NVIDIA A100\nIRQ:   120\n',
};
const cuda = [
  ...['libcudart.so.11.0', 'libcublas.so.11', 'libcublasLt.so.11', 'libcufft.so.10', 'libcurand.so.10'],
  ...['libcusolver.so.11', 'libcusparse.so.11'],
];
const missingOn = (system: System) => Object.fromEntries(gpuBackends.map((b) => [b.name, b.missing(system)]));

describe('what a machine misses for its GPU', () => {
  it('is everything where there is nothing', () => {
    const bare = machine('bare', {});
    expect(describedGpu(bare)).toBe("GPU: none of NVIDIA's");
    expect(missingOn(bare)).toEqual({
      'node-gpu': [
        expect.stringMatching(/^NVIDIA's driver is not loaded/),
        expect.stringMatching(/^CUDA 11\.2 is missing or incomplete \(libcudart\.so\.11\.0, /),
        expect.stringMatching(/^cuDNN 8\.1 is missing/),
      ],
      webgpu: [expect.stringMatching(/libvulkan\.so\.1/), expect.stringMatching(/^no Vulkan driver/)],
    });
  });

  it('is nothing where libraries are found by ld.so.conf and by LD_LIBRARY_PATH', () => {
    const files = {
      ...driver,
      'etc/ld.so.conf.d/cuda.conf': '# CUDA\n/usr/local/cuda-11.2/lib64\n',
      ...libraries('usr/local/cuda-11.2/lib64', cuda),
      ...libraries('opt/cudnn', ['libcudnn.so.8']),
      ...libraries('usr/lib/x86_64-linux-gnu', ['libvulkan.so.1', 'libEGL.so.1']),
      'usr/share/vulkan/icd.d/nvidia_icd.json': '{}',
    };
    const whole = machine('whole', files, { LD_LIBRARY_PATH: '/nowhere:/opt/cudnn' });
    expect(describedGpu(whole)).toBe("GPU: NVIDIA A100 (NVIDIA's driver 535.183.01)");
    expect(missingOn(whole)).toEqual({ 'node-gpu': [], webgpu: [] });
  });

  it("is EGL where NVIDIA's Vulkan driver stands without it, as seen on an H200: it does not start then", () => {
    const headless = machine('headless', {
      // The version text of NVIDIA's open kernel module.
      'proc/driver/nvidia/version':
        'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (builder@host)\n',
      'proc/driver/nvidia/gpus/0000:00:06.0/information': 'Model: \t\t NVIDIA H200\nIRQ:   41\n',
      ...libraries('usr/lib/x86_64-linux-gnu', ['libvulkan.so.1']),
      'usr/share/vulkan/icd.d/nvidia_icd.json': '{}',
    });
    expect(describedGpu(headless)).toBe("GPU: NVIDIA H200 (NVIDIA's driver 580.159.04)");
    expect(missingOn(headless).webgpu).toEqual([expect.stringMatching(/libEGL\.so\.1.*libegl1/)]);
  });

  it('is CUDA 11.2 where a later one stands, and a driver that VK_ICD_FILENAMES names and nobody has', () => {
    const later = machine(
      'later',
      { ...driver, ...libraries('usr/lib', ['libcudart.so.12', 'libcudnn.so.8', 'libvulkan.so.1']) },
      { VK_ICD_FILENAMES: '/opt/driver.json' },
    );
    const missing = missingOn(later);
    expect(missing['node-gpu']).toEqual([expect.stringContaining('version 12 and later do not work')]);
    expect(missing.webgpu).toEqual([expect.stringMatching(/^no Vulkan driver/)]);
    expect(described(gpuBackends[1], later).split('\n')).toHaveLength(2);
  });
});

it('is nothing for WebGPU on macOS, which has Metal', () => {
  const mac = { ...machine('mac', {}), platform: 'darwin' as const };
  expect(missingOn(mac)).toEqual({ 'node-gpu': [expect.stringContaining('it needs Linux')], webgpu: [] });
});

describe('setup:gpu', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'engine/cli/setup-gpu.ts', ...args], {
      encoding: 'utf8',
    });

  it('--probe tells of each backend and which one is chosen; its exit code whether that is a GPU', () => {
    const { status, stdout } = run('--probe');
    const chosen = /^chosen: tfjs [\d.]+ (\S+) \(/m.exec(stdout)?.[1] ?? '';
    expect(stdout).toMatch(/^GPU: /);
    for (const { name } of gpuBackends) expect(stdout).toContain(`\n${name}: `);
    expect(status).toBe(/gpu|opencl/.test(chosen) ? 0 : 1);
  });

  it('refuses a name there is not in one line', () => {
    const { status, stdout, stderr } = run('cuda');
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      'error: no GPU backend "cuda"; there are: node-gpu, webgpu\n',
    ]);
  });
});
