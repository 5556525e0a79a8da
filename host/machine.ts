import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, hostname } from 'node:os';
import type { Machine } from '#contract/run';

/**
 * The machine as a run's record states it. The name of a GPU comes from the NVIDIA driver's files, so that no
 * program has to be started.
 */
export function machine(): Machine {
  return {
    host: hostname(),
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    gpu: gpu(),
    node: process.version,
  };
}

const GPUS = '/proc/driver/nvidia/gpus';

/** How many GPUs the NVIDIA driver has. */
export function gpuCount(): number {
  try {
    return readdirSync(GPUS).length;
  } catch {
    return 0;
  }
}

/** Files by which programs reach a GPU that is not in the list of NVIDIA's driver: its own, AMD's, WSL's. */
const OTHER = /^(nvidia\d+|kfd|dxg)$/;

/** How many GPUs there are; null where there may be some that are not counted here. */
export function knownGpus(gpus = gpuCount(), dev = '/dev', platform = process.platform): number | null {
  if (gpus > 0) return gpus;
  if (platform !== 'linux' || !existsSync(dev)) return null;
  return readdirSync(dev).some((name) => OTHER.test(name)) ? null : 0;
}

function gpu(): string | null {
  try {
    const names = readdirSync(GPUS).map((id) => {
      const text = readFileSync(`${GPUS}/${id}/information`, 'utf8');
      return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? 'NVIDIA GPU';
    });
    return names.length > 0 ? names.join(', ') : null;
  } catch {
    return null;
  }
}
