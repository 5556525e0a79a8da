import { expect, it } from 'vitest';
import { noDevice } from '#engine/opencl/testing/here';
import { runCase } from './run.ts';

const asked = {
  experiment: 'default',
  profile: 'small',
  world: 'small',
  settings: ['d_sae=64', 'matryoshka_widths=[4,16]'],
  backend: 'wasm',
  plain: false,
  threads: null,
  npmAlone: false,
  warmUp: 1,
  steps: 3,
};

it('times a step of the real trainer on the real stream, part by part', async () => {
  const answer = await runCase(asked);
  expect(answer).toMatchObject({ architecture: 'lista-matryoshka', d_in: 64, d_sae: 64, batch: 1024 });
  const { step, waiting, operations, sampling, encode } = answer.ms;
  const [forward, backward, optimiser] = [answer.ms.forward, answer.ms.backward, answer.ms.optimiser].map(
    Number,
  );
  for (const part of [waiting, forward, backward, optimiser, sampling, encode])
    expect(part).toBeGreaterThan(0);
  expect(waiting + forward + backward + optimiser).toBeCloseTo(step, 6);
  expect(Object.keys(operations)).toEqual(expect.arrayContaining(['encode', 'batchTopK', 'decodeBands']));
  const named = Object.values(operations).reduce((sum, ms) => sum + ms, 0);
  expect(named).toBeLessThan(forward);
  expect(answer.ms.cpu).toBeGreaterThan(1);
  expect(answer.peakBytes).toBeGreaterThan(2 ** 26);
  expect(answer.firstStepMs).toBeGreaterThan(step);
});

it.skipIf(noDevice)('counts what a replayed step does on a device, by kernel', async () => {
  const answer = await runCase({ ...asked, backend: 'opencl' });
  const { ms, device, d_in, d_sae, batch } = answer;
  expect([ms.forward, ms.backward, ms.optimiser]).toEqual([null, null, null]);
  expect(device).toMatchObject({ reads: 0, bytesRead: 0, replayed: 1 });
  // The batch and the 32 numbers of a step.
  expect(device?.bytesWritten).toBe(4 * (batch * d_in + 32));
  const kernels = device?.kernels ?? [];
  expect(kernels.reduce((sum, { launches }) => sum + launches, 0)).toBe(device?.launches);
  const product = kernels.find(({ name }) => name === 'product');
  expect(product).toMatchObject({ launches: 2, flops: 2 * 2 * batch * d_in * d_sae });
  for (const { name, ms } of kernels) expect(ms, name).toBeGreaterThan(0);
  expect(ms.thread).toBeLessThan(ms.cpu);
});

it('says why a trainer could not be measured', async () => {
  await expect(runCase({ ...asked, settings: ['k=-1'] })).rejects.toThrow(/^default: .*\bk: /);
});
