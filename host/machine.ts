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

function gpu(): string | null {
  const folder = '/proc/driver/nvidia/gpus';
  try {
    const names = readdirSync(folder).map((id) => {
      const text = readFileSync(`${folder}/${id}/information`, 'utf8');
      return /^Model:\s*(.+)$/m.exec(text)?.[1] ?? 'NVIDIA GPU';
    });
    return names.length > 0 ? names.join(', ') : null;
  } catch {
    return null;
  }
}
