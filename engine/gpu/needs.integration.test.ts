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
  return { root, env, platform: 'linux', arch: 'x64' };
}

const libraries = (where: string, names: string[]) =>
  Object.fromEntries(names.map((n) => [`${where}/${n}`, '']));
const driver = {
  'proc/driver/nvidia/version':
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version: 12\n',
  'proc/driver/nvidia/gpus/0000:01:00.0/information': 'Model: \t\t NVIDIA A100\nIRQ:   120\n',
};
const compiler = { 'usr/bin/g++': '' };
const missingOn = (system: System) => Object.fromEntries(gpuBackends.map((b) => [b.name, b.missing(system)]));

describe('what a machine misses for its GPU', () => {
  it('is everything where there is nothing', () => {
    const bare = machine('bare', {});
    expect(describedGpu(bare)).toBe("GPU: none of NVIDIA's");
    expect(missingOn(bare)).toEqual({
      'node-gpu': [
        expect.stringMatching(/^a C\+\+ compiler is missing: apt-get install g\+\+/),
        expect.stringMatching(/^NVIDIA's driver is not loaded/),
      ],
      webgpu: [expect.stringMatching(/libvulkan\.so\.1/), expect.stringMatching(/^no Vulkan driver/)],
    });
  });

  it('is nothing where a compiler is in PATH, and libraries are found by ld.so.conf and LD_LIBRARY_PATH', () => {
    const files = {
      ...driver,
      ...compiler,
      'etc/ld.so.conf.d/vulkan.conf': '# Vulkan\n/usr/local/vulkan/lib\n',
      ...libraries('usr/local/vulkan/lib', ['libvulkan.so.1']),
      ...libraries('opt/egl', ['libEGL.so.1']),
      'usr/share/vulkan/icd.d/nvidia_icd.json': '{}',
    };
    const whole = machine('whole', files, {
      LD_LIBRARY_PATH: '/nowhere:/opt/egl',
      PATH: '/nowhere:/usr/bin',
    });
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

  it('is a newer driver where that is from before CUDA 12, and one that VK_ICD_FILENAMES names and nobody has', () => {
    const files = {
      ...driver,
      'proc/driver/nvidia/version': driver['proc/driver/nvidia/version'].replace('535.183.01', '470.82.01'),
      ...libraries('usr/lib', ['libvulkan.so.1']),
    };
    const old = machine('old', files, {
      VK_ICD_FILENAMES: '/opt/driver.json',
      CXX: '/opt/c++',
      PATH: '/usr/bin',
    });
    const missing = missingOn(old);
    expect(missing['node-gpu']).toEqual([
      expect.stringMatching(/^a C\+\+ compiler is missing/),
      "NVIDIA's driver 470.82.01 is too old for CUDA 12: install 525 or newer",
    ]);
    expect(missing.webgpu).toEqual([expect.stringMatching(/^no Vulkan driver/)]);
    expect(described(gpuBackends[1], old).split('\n')).toHaveLength(2);
  });
});

it('is nothing for WebGPU on macOS, which has Metal', () => {
  const mac = { ...machine('mac', {}), platform: 'darwin' as const, arch: 'arm64' };
  expect(missingOn(mac)).toEqual({ 'node-gpu': [expect.stringContaining('it needs Linux')], webgpu: [] });
});

describe('setup:gpu', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'engine/cli/setup-gpu.ts', ...args], {
      encoding: 'utf8',
    });

  it('--index and --wheels refuse what they cannot use before anything is installed', () => {
    for (const [args, line] of [
      [['node', '--index', 'file:///srv'], 'error: the package index is no http or https address'],
      [['node', '--wheels', '/nowhere'], 'error: --wheels /nowhere: there is no such folder'],
    ] as const) {
      const { status, stderr } = run(...args);
      expect(status).toBe(2);
      expect(stderr).toContain(line);
    }
  });

  it('--probe tells of each backend and which one is chosen; its exit code whether that is a GPU', () => {
    const { status, stdout } = run('--probe');
    const chosen = /^chosen: tfjs [\d.]+ (\S+) \(/m.exec(stdout)?.[1] ?? '';
    expect(stdout).toMatch(/^GPU: /);
    for (const { name } of gpuBackends) expect(stdout).toContain(`\n${name}: `);
    expect(status).toBe(/gpu|opencl|cuda/.test(chosen) ? 0 : 1);
  });

  it('--prove refuses to prove nothing', () => {
    expect(run('--prove')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'error: --prove: name a backend; there are: node-gpu, webgpu, node\n',
    });
  });

  it('refuses a name there is not in one line', () => {
    const { status, stdout, stderr } = run('cuda');
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      'error: no optional backend "cuda"; there are: node-gpu, webgpu, node\n',
    ]);
  });
});
