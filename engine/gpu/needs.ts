import { basename } from 'node:path';
import { isInstalled } from '../packages.ts';
import { missingLibraries, nvidiaDriver, type System, vulkanDrivers } from './system.ts';

/**
 * A backend on a GPU: the packages that it consists of, and what is missing here, in plain words, each with a
 * remedy.
 */
export interface GpuBackend {
  name: 'node-gpu' | 'webgpu';
  packages: readonly string[];
  /** What is missing and npm cannot install; empty if the backend is worth installing. */
  missing(system: System): string[];
}

/**
 * The CUDA 11.2 libraries that libtensorflow 2.9.1 loads, beside cuDNN 8.1. tfjs-node-gpu 4.22 installs it.
 */
const CUDA = [
  ...['libcudart.so.11.0', 'libcublas.so.11', 'libcublasLt.so.11', 'libcufft.so.10', 'libcurand.so.10'],
  ...['libcusolver.so.11', 'libcusparse.so.11'],
];

export const gpuBackends: readonly GpuBackend[] = [
  {
    name: 'node-gpu',
    packages: ['@tensorflow/tfjs-node-gpu@4.22.0'],
    missing(system) {
      if (system.platform !== 'linux')
        return ["it needs Linux with NVIDIA's driver, CUDA 11.2 and cuDNN 8.1"];
      const cuda = missingLibraries(system, CUDA);
      return [
        ...driver(system),
        ...when(
          cuda.length > 0,
          `CUDA 11.2 is missing or incomplete (${cuda.join(', ')}): install the CUDA toolkit 11.2; version 12 and later do not work`,
        ),
        ...when(
          missingLibraries(system, ['libcudnn.so.8']).length > 0,
          'cuDNN 8.1 is missing (libcudnn.so.8): install it for CUDA 11.2',
        ),
      ];
    },
  },
  {
    name: 'webgpu',
    packages: ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'],
    missing(system) {
      // macOS and Windows include what Dawn needs.
      if (system.platform !== 'linux') return [];
      const drivers = vulkanDrivers(system);
      return [
        ...when(
          missingLibraries(system, ['libvulkan.so.1']).length > 0,
          'the Vulkan loader is missing (libvulkan.so.1): apt-get install libvulkan1',
        ),
        ...when(
          drivers.length === 0,
          "no Vulkan driver is installed (no file in /usr/share/vulkan/icd.d): NVIDIA's driver includes one; for other GPUs install mesa-vulkan-drivers 25 or newer",
        ),
        // NVIDIA's Vulkan driver loads libEGL to find the card without a display. Without libEGL it only
        // reports that it is incompatible.
        ...when(
          drivers.some((path) => /nvidia/i.test(basename(path))) &&
            missingLibraries(system, ['libEGL.so.1']).length > 0,
          "what NVIDIA's Vulkan driver needs is missing (libEGL.so.1): apt-get install libegl1 libglx0",
        ),
      ];
    },
  },
];

const when = (condition: boolean, line: string): string[] => (condition ? [line] : []);

function driver(system: System): string[] {
  const found = nvidiaDriver(system);
  return [
    ...when(
      found === null,
      "NVIDIA's driver is not loaded (no /proc/driver/nvidia): install it, or start the container with its GPU",
    ),
    ...when(found?.cards.length === 0, `NVIDIA's driver ${found?.version} is loaded but finds no GPU`),
  ];
}

/** One paragraph per backend: installed or not, and what is missing. */
export function described(backend: GpuBackend, system: System): string {
  const installed = backend.packages.map(nameOf).every(isInstalled);
  const missing = backend.missing(system);
  const lines = [
    `${backend.name}: ${installed ? 'installed' : 'not installed'}`,
    ...missing.map((line) => `  - ${line}`),
    ...(missing.length === 0 ? ['  - nothing else is missing'] : []),
  ];
  return lines.join('\n');
}

/** NVIDIA's GPUs in one line. Other GPUs can be found only through Vulkan. */
export function describedGpu(system: System): string {
  const found = nvidiaDriver(system);
  if (!found || found.cards.length === 0) return "GPU: none of NVIDIA's";
  return `GPU: ${found.cards.join(', ')} (NVIDIA's driver ${found.version})`;
}

/** "webgpu@0.6.2" is the package webgpu. */
const nameOf = (spec: string): string => spec.slice(0, spec.lastIndexOf('@'));
