import type { Devices } from '#contract/devices';
import type { TaskContract } from '#contract/task';
import type { Slot } from './pool.ts';

/** Cores that a run on the CPU is given where TASK.md leaves the number of runs to the loop. */
const CORES_A_RUN = 4;

/**
 * The places where runs train, as `devices` of TASK.md has them. Runs that share the CPU share its cores; a
 * single run chooses its threads itself.
 */
export function slotsOf(
  { devices, executor }: Pick<TaskContract, 'devices' | 'executor'>,
  { gpus, cores }: { gpus: number; cores: number },
): Slot[] {
  if (devices === undefined) return [{ device: null }];
  // A job of a cluster has the devices that the cluster gives it.
  if (executor.slurm) return Array.from({ length: countOf(devices) }, () => ({ device: null }));
  if (Array.isArray(devices)) return devices.map((gpu) => ({ device: String(gpu) }));
  if (typeof devices === 'object')
    return Object.entries(devices).flatMap(([device, runs]) =>
      Array.from({ length: runs }, () => ({ device })),
    );
  const runs = devices === 'auto' ? gpus || Math.max(1, Math.floor(cores / CORES_A_RUN)) : devices;
  if (gpus > 0) return Array.from({ length: runs }, (_, i) => ({ device: String(i % gpus) }));
  if (runs === 1) return [{ device: null }];
  const threads = Math.max(1, Math.floor(cores / runs));
  return Array.from({ length: runs }, () => ({ device: null, threads }));
}

function countOf(devices: Devices): number {
  if (typeof devices === 'number') return devices;
  if (devices === 'auto') return 1;
  if (Array.isArray(devices)) return devices.length;
  return Object.values(devices).reduce((sum, runs) => sum + runs, 0);
}
