import { basename } from 'node:path';
import { isInstalled } from '../packages.ts';
import { compilerOf, NO_COMPILER } from '../tensorflow/compile.ts';
import { bindingOf, isBuilt, packagesOf } from '../tensorflow/setup.ts';
import { type TensorflowBackend, wheelsOf } from '../tensorflow/wheels.ts';
import { missingLibraries, nvidiaDriver, type System, vulkanDrivers } from './system.ts';

/** A backend of optional packages, and what is missing here for it, in plain words, each with a remedy. */
export interface OptionalBackend {
  name: 'node-gpu' | 'webgpu' | 'node';
  packages: readonly string[];
  /** Files in these packages that we have made. npm removes them where it installs a package again. */
  made: readonly string[];
  installed(): boolean;
  /** What is missing and cannot be installed by us; empty if the backend is worth installing. */
  missing(system: System): string[];
}

/** The first driver of NVIDIA that runs CUDA 12. */
const OLDEST_DRIVER = 525;

export const gpuBackends: readonly OptionalBackend[] = [
  {
    name: 'node-gpu',
    packages: packagesOf('node-gpu'),
    made: [bindingOf('node-gpu')],
    installed: () => isBuilt('node-gpu'),
    missing: (system) =>
      system.platform === 'linux'
        ? [...tensorflow('node-gpu', system), ...driver(system)]
        : tensorflow('node-gpu', system),
  },
  {
    name: 'webgpu',
    packages: ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'],
    made: [],
    installed: () => ['webgpu', '@tensorflow/tfjs-backend-webgpu'].every(isInstalled),
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

/** TensorFlow on the CPU: slower than our own backend, but its binding is the one of `node-gpu`. */
export const onCpu: OptionalBackend = {
  name: 'node',
  packages: packagesOf('node'),
  made: [bindingOf('node')],
  installed: () => isBuilt('node'),
  missing: (system) => tensorflow('node', system),
};

function tensorflow(backend: TensorflowBackend, { platform, arch, env, root }: System): string[] {
  if (wheelsOf(backend, `${platform}-${arch}`) === null)
    return [`there is no TensorFlow to build it with for ${platform} on ${arch}: it needs Linux on x64`];
  return when(compilerOf(env, root) === null, NO_COMPILER);
}

const when = (condition: boolean, line: string): string[] => (condition ? [line] : []);

function driver(system: System): string[] {
  const found = nvidiaDriver(system);
  return [
    ...when(
      found === null,
      "NVIDIA's driver is not loaded (no /proc/driver/nvidia): install it, or start the container with its GPU",
    ),
    ...when(
      Number.parseInt(found?.version ?? '', 10) < OLDEST_DRIVER,
      `NVIDIA's driver ${found?.version} is too old for CUDA 12: install ${OLDEST_DRIVER} or newer`,
    ),
    ...when(found?.cards.length === 0, `NVIDIA's driver ${found?.version} is loaded but finds no GPU`),
  ];
}

/** One paragraph per backend: installed or not, and what is missing. */
export function described(backend: OptionalBackend, system: System): string {
  const missing = backend.missing(system);
  const lines = [
    `${backend.name}: ${backend.installed() ? 'installed' : 'not installed'}`,
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
