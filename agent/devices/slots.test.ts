import { expect, it } from 'vitest';
import { Devices } from '#contract/devices';
import { exampleTask } from '../fixtures/examples.ts';
import { missingGpus, slotsInWords, slotsOf } from './slots.ts';

const { contract } = exampleTask();
const slots = (devices: Devices | undefined, gpus: number, cores = 16) =>
  slotsOf({ ...contract, devices }, { gpus, cores });
const on = (...devices: (string | null)[]) => devices.map((device) => ({ device }));

it('trains one run at a time where TASK.md says nothing', () => {
  expect(slots(undefined, 8)).toEqual(on(null));
});

it('auto: a run on each GPU, else by the cores, which the runs share', () => {
  expect(slots('auto', 2)).toEqual(on('0', '1'));
  expect(slots('auto', 0, 16)).toEqual(Array(4).fill({ device: null, threads: 4 }));
  expect(slots('auto', 0, 2)).toEqual(on(null));
});

it('a number, a list, or runs at a time for each GPU', () => {
  expect(slots(3, 2)).toEqual(on('0', '1', '0'));
  expect(slots(3, 0, 7)).toEqual(Array(3).fill({ device: null, threads: 2 }));
  expect(slots([0, 3], 4)).toEqual(on('0', '3'));
  expect(slots({ 0: 2, 5: 1 }, 0)).toEqual(on('0', '0', '5'));
});

it('counts jobs where runs are jobs of a cluster: its own number first, then that of the devices', () => {
  const jobs = { ...contract, executor: { slurm: { resources: {}, sbatch: [] } } };
  for (const devices of [3, [0, 1, 2], { 0: 3 }])
    expect(slotsOf({ ...jobs, devices }, { gpus: 2, cores: 4 })).toEqual(on(null, null, null));
  expect(slotsOf(jobs, { gpus: 2, cores: 4 })).toEqual(on(null));
  const two = { ...contract, executor: { slurm: { resources: {}, sbatch: [], jobs: 2 } } };
  for (const devices of [undefined, 3, 'auto'] as const)
    expect(slotsOf({ ...two, devices }, { gpus: 4, cores: 4 })).toEqual(on(null, null));
});

it('refuses what names no place for a run', () => {
  for (const wrong of ['all', 0, [], [-1], {}, { a: 1 }, { 0: 0 }])
    expect(Devices.safeParse(wrong).success).toBe(false);
  expect(Devices.safeParse('all').error?.issues[0]?.message).toContain('must be auto');
});

it('says in words how many runs train at a time, and where', () => {
  const words = (devices: Devices | undefined, gpus: number) =>
    slotsInWords(slots(devices, gpus), { executor: {} });
  expect(words(undefined, 0)).toBe('1 run');
  expect(words(4, 0)).toBe('4 runs, each with 4 threads');
  expect(words({ 0: 4, 1: 1 }, 2)).toBe('5 runs on GPU 0, 1');
  const executor = { slurm: { resources: {}, sbatch: [], jobs: 8 } };
  expect(slotsInWords(slotsOf({ ...contract, executor }, { gpus: 0, cores: 2 }), { executor })).toBe(
    '8 runs, as jobs of Slurm',
  );
});

it('says which GPUs of TASK.md are not here, where that is known', () => {
  const words = (devices: Devices | undefined, gpus: number | null) =>
    missingGpus(slots(devices, gpus ?? 0), gpus);
  expect(words([9], 1)).toBe(
    'TASK.md: devices: this machine has GPU 0 alone; runs that are placed on GPU 9 find no GPU',
  );
  expect(words({ 0: 2, 2: 1, 3: 4 }, 2)).toBe(
    'TASK.md: devices: this machine has GPUs 0 to 1; runs that are placed on GPU 2, 3 find no GPU',
  );
  expect(words([0], 0)).toBe(
    'TASK.md: devices: this machine has none of NVIDIA; runs that are placed on GPU 0 find no GPU',
  );
  expect([words([0, 1], 2), words('auto', 0), words(3, 0), words(3, 2), words(undefined, 0)]).toEqual(
    Array(5).fill(null),
  );
  // There may be GPUs of others.
  expect(words([9], null)).toBeNull();
});
