import { availableParallelism } from 'node:os';
import type { Devices } from '#contract/devices';
import type { Task } from '#contract/task';
import type { TaskContract } from '#contract/task-contract';
import { gpuCount, knownGpus } from '#host/machine';
import { count } from '../common/words.ts';
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
  // A job of a cluster has the devices that the cluster gives it.
  if (executor.slurm) return Array.from({ length: jobsOf({ devices, executor }) }, () => ({ device: null }));
  if (devices === undefined) return [{ device: null }];
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

/** The places of a loop of this task on this machine. */
export const slotsHere = ({ contract }: Task): Slot[] =>
  slotsOf(contract, { gpus: gpuCount(), cores: availableParallelism() });

/**
 * That runs are placed on GPUs which this machine does not have, in one line; null where there is none such,
 * or the machine does not say how many it has.
 */
export function missingGpus(slots: readonly Slot[], gpus = knownGpus()): string | null {
  if (gpus === null) return null;
  const missing = [...new Set(slots.flatMap(({ device }) => device ?? []))].filter((n) => Number(n) >= gpus);
  if (missing.length === 0) return null;
  const has = gpus === 0 ? 'none of NVIDIA' : gpus === 1 ? 'GPU 0 alone' : `GPUs 0 to ${gpus - 1}`;
  return `TASK.md: devices: this machine has ${has}; runs that are placed on GPU ${missing.join(', ')} find no GPU`;
}

/** How many runs train at a time, and where. */
export function slotsInWords(slots: readonly Slot[], { executor }: Pick<TaskContract, 'executor'>): string {
  const gpus = [...new Set(slots.flatMap(({ device }) => device ?? []))];
  const threads = slots[0]?.threads;
  const where = executor.slurm
    ? ', as jobs of Slurm'
    : gpus.length > 0
      ? ` on GPU ${gpus.join(', ')}`
      : threads === undefined
        ? ''
        : `, each with ${count(threads, 'thread')}`;
  return `${count(slots.length, 'run')}${where}`;
}

/** How many runs of a task are jobs at the same time. */
export const jobsOf = ({ devices, executor }: Pick<TaskContract, 'devices' | 'executor'>): number =>
  executor.slurm?.jobs ?? countOf(devices ?? 1);

function countOf(devices: Devices): number {
  if (typeof devices === 'number') return devices;
  if (devices === 'auto') return 1;
  if (Array.isArray(devices)) return devices.length;
  return Object.values(devices).reduce((sum, runs) => sum + runs, 0);
}
