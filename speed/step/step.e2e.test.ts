import { expect, it } from 'vitest';
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
  const { step, waiting, forward, backward, optimiser, operations, sampling, encode } = answer.ms;
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

it('says why a trainer could not be measured', async () => {
  await expect(runCase({ ...asked, settings: ['k=-1'] })).rejects.toThrow(/^default: .*\bk: /);
});
