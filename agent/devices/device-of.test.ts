import { expect, it } from 'vitest';
import type { Devices } from '#contract/devices';
import { exampleTask } from '../fixtures/examples.ts';
import { deviceOf, onDevice } from './device-of.ts';

const on = (device: string | undefined, devices: Devices | undefined, gpus: number, slurm = false) =>
  deviceOf(
    { device },
    exampleTask((contract) => {
      Object.assign(contract, {
        devices,
        ...(slurm && { executor: { slurm: { resources: {}, sbatch: [] } } }),
      });
    }),
    { gpus, cores: 16 },
  );

it('is the GPU of the run where `devices` still has it', () => {
  expect([on('1', [0, 1], 2), on('3', 'auto', 4), on('1', { 0: 2, 1: 1 }, 0), on('1', 3, 2)]).toEqual([
    ...['1', '3', '1', '1'],
  ]);
});

it('is the first that `devices` has on this machine where the run was given another', () => {
  expect([on('0', [2, 3], 4), on('3', 'auto', 2), on('7', [7, 1], 2)]).toEqual(['2', '0', '1']);
});

it('is none where the run was given none, `devices` names none, or runs are jobs of a cluster', () => {
  expect([on(undefined, [0, 1], 2), on('1', undefined, 2), on('1', 'auto', 0), on('1', 4, 0)]).toEqual(
    Array(4).fill(null),
  );
  expect([on('7', [7], 2), on('1', [0, 1], 2, true)]).toEqual([null, null]);
});

it('is told to CUDA in the numbers of nvidia-smi, and to ROCm', () => {
  expect(onDevice('3')).toEqual({
    ...{ CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: '3', HIP_VISIBLE_DEVICES: '3' },
  });
  expect([onDevice(null), onDevice(undefined)]).toEqual([{}, {}]);
});
