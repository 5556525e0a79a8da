import { expect, it } from 'vitest';
import { openWorld } from '#bench/worlds';
import { noDevice } from '#engine/opencl/testing/here';
import { benchEvaluation } from './evaluation.ts';
import { benchSampler } from './sampler.ts';
import { benchServe } from './serve.ts';
import { timed } from './timing.ts';
import { yardsticks } from './yardsticks.ts';

const SECONDS = 0.1;

it('times what is repeated, without the warm-up', () => {
  const rounds: number[] = [];
  const { ms, samplesPerSecond } = timed(SECONDS, 10, (round) => {
    rounds.push(round);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  });
  expect(rounds).toEqual(rounds.map((_, i) => i));
  expect(ms).toBeGreaterThanOrEqual(SECONDS * 1000);
  // Ten samples a round of 5 ms and more, a quarter of the rounds warming up.
  expect(samplesPerSecond).toBeLessThanOrEqual(2000);
  expect((samplesPerSecond * ms) / 1e4).toBeLessThan(rounds.length);
});

it('gives every line its numbers', async () => {
  const { world } = await openWorld('tiny');
  const beside = yardsticks(world, SECONDS);
  const lines = [
    ...(await benchSampler(world, SECONDS, beside)),
    ...benchServe('tiny', world, SECONDS, beside),
    ...(await benchEvaluation(world, SECONDS, 'wasm', beside)),
  ];
  expect(lines.map(({ name }) => name)).toEqual([
    'sampler dense',
    'sampler dense, all threads',
    'sampler sparse',
    'reference pipeline',
    'serve',
    'serve, all threads',
    ...(noDevice === null ? ['serve, drawn on a device'] : []),
    'ring alone, one batch again',
    'pipe alone, one batch again',
    'eval matching',
    'eval encode',
    'eval draw and count',
  ]);
  for (const { name, ...numbers } of lines) {
    for (const [key, value] of Object.entries(numbers)) {
      if (typeof value === 'number') expect(value, `${name}: ${key}`).toBeGreaterThan(0);
    }
  }
  // The work per sample is compared with the reference pipeline, and every line with the machine.
  for (const line of lines) {
    const { name, samplesPerSecond = 0, ratio, shareOfMultiplyAdds, shareOfCopy } = line;
    expect(shareOfMultiplyAdds ?? shareOfCopy, name).toBeDefined();
    if (name === 'eval matching') continue;
    expect(ratio, name).toBeCloseTo(samplesPerSecond / beside.reference.samplesPerSecond, 9);
  }
  const [dense] = lines;
  // By processor time: others may have the machine while one of them is measured.
  expect(Number(dense.cpuMicrosecondsPerSample)).toBeLessThan(beside.reference.cpuMicrosecondsPerSample);
});
