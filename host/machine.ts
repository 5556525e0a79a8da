import { readdirSync, readFileSync } from 'node:fs';
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
