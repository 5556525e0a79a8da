import { availableParallelism } from 'node:os';
import type { RunRecord } from '#contract/run';
import type { Task } from '#contract/task';
import { gpuCount } from '#host/machine';
import { slotsOf } from './slots.ts';

/**
 * The variables by which a process computes on a GPU; none where none is named. CUDA reads the first two, in
 * the numbers of nvidia-smi; ROCm reads the third.
 */
export const onDevice = (device: string | null | undefined): Record<string, string> =>
  device == null
    ? {}
    : { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: device, HIP_VISIBLE_DEVICES: device };

/** Our engine reads the first variable, most libraries of Python the second. Unset: their own choice. */
export const onThreads = (threads: number | undefined): Record<string, string> =>
  threads === undefined ? {} : { ENGINE_THREADS: String(threads), OMP_NUM_THREADS: String(threads) };

/**
 * The GPU for what is computed of a run that has trained: its own where `devices` still has that, else the
 * first that `devices` has. Null where the run was given none, or `devices` names none.
 */
export function deviceOf(
  { device }: Pick<RunRecord, 'device'>,
  { contract }: Pick<Task, 'contract'>,
  here = { gpus: gpuCount(), cores: availableParallelism() },
): string | null {
  if (device === undefined) return null;
  // Where NVIDIA's driver counts none, there may be GPUs of others.
  const isHere = (gpu: string) => here.gpus === 0 || Number(gpu) < here.gpus;
  const all = slotsOf(contract, here).flatMap((slot) => slot.device ?? []);
  const there = all.filter(isHere);
  return there.includes(device) ? device : (there[0] ?? null);
}
