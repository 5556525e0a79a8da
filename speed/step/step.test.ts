import { expect, it } from 'vitest';
import { boundsOf } from './bounds.ts';
import { planned } from './plan.ts';
import { lineOf } from './step.ts';

it('counts products against the ceiling, and the step against its encodes', () => {
  const ms = {
    step: 100,
    cpu: 150,
    waiting: 1,
    forward: 60,
    backward: 30,
    optimiser: 5,
    sampling: 20,
    encode: 20,
    thread: 0.5,
  };
  const kernels = [
    { name: 'product', launches: 2, bytesRead: 3000, bytesWritten: 1000, flops: 4e6, ms: 2 },
    { name: 'adam', launches: 1, bytesRead: 500, bytesWritten: 500, flops: 1000, ms: 1 },
  ];
  const answer = {
    settings: { k: 5 },
    ...{ architecture: 'x', backend: 'y', d_in: 10, d_sae: 100, batch: 1000, firstStepMs: 500, loss: 1 },
    peakBytes: 2 ** 30,
    device: { launches: 48, reads: 4, bytesRead: 17_424, bytesWritten: 66_568, replayed: 1, kernels },
    ms: { ...ms, operations: { encode: 41, batchTopK: 4, decode: 3, decodeBands: 2, detach: 1 } },
  };
  const line = lineOf({ title: 'step x', encodes: 2 }, answer, { multiplyAddsPerSecond: 1e8, of: 'made up' });
  expect(line).toMatchObject({
    name: 'step x',
    ms: 100,
    samplesPerSecond: 10_000,
    msEncodes: 41,
    msSparse: 39,
    stepOverEncodes: 2.5,
    encodeShareOfCeiling: 0.5,
    stepShareOfCeiling: 0.2,
    peakMegabytes: 1024,
    launches: 48,
    bytesReadBack: 17_424,
    flops: 4_001_000,
    bytesMoved: 5000,
    msKernels: 3,
    kernels,
    msThread: 0.5,
  });
  const elsewhere = lineOf(
    { title: 'x', encodes: 1 },
    { ...answer, device: null },
    { multiplyAddsPerSecond: 1, of: '' },
  );
  expect(elsewhere).not.toHaveProperty('launches');
  const onDevice = { ...ms, forward: null, backward: null, optimiser: null, operations: {} };
  const there = lineOf(
    { title: 'x', encodes: 1 },
    { ...answer, ms: onDevice },
    { multiplyAddsPerSecond: 1, of: '' },
  );
  expect(there).not.toHaveProperty('msForward');
});

it('plans a step by its sizes: encodes, passes of the selection, non-zeros, Adam', () => {
  const answer = { batch: 1024, d_in: 768, d_sae: 4096, settings: { k: 25 } };
  const { flops, bytes } = boundsOf(answer, 2);
  // Two encodes of 6.44 GFLOP, and four products over 25,600 non-zeros for each.
  expect(flops / 1e9).toBeCloseTo(2 * (6.442 + 4 * 0.0393), 2);
  // 4 × 16.8 MB and 4 × 78.6 MB for each encode, and 176 MB of Adam.
  expect(bytes / 1e6).toBeCloseTo(2 * (4 * 16.78 + 4 * 78.64) + 176.3, 0);
});

it('plans plain tfjs before what is compared with it, each width on each number of threads', () => {
  const options = { backend: 'auto', widths: [1024, 4096], threads: [1, 2], yardstick: true, npmAlone: true };
  const plan = planned(options).filter(({ asked }) => asked.profile === '16k');
  const lista = plan.filter(({ encodes }) => encodes === 2);
  expect(lista.slice(0, 5).map(({ title, asked }) => [title, asked.threads, asked.npmAlone])).toEqual([
    ['step plain tfjs LISTA-Matryoshka', null, false],
    ['step LISTA-Matryoshka', 1, false],
    ['step LISTA-Matryoshka, npm alone', 1, true],
    ['step LISTA-Matryoshka', 2, false],
    ['step LISTA-Matryoshka, npm alone', 2, true],
  ]);
  expect(lista[5].asked.settings).toEqual(
    expect.arrayContaining(['d_sae=4096', 'matryoshka_widths=[128,512,2048]']),
  );
  expect(plan).toHaveLength(20);
});
