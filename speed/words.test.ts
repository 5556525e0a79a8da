import { describe, expect, it } from 'vitest';
import type { Line } from './timing.ts';
import { inWords } from './words.ts';

const step: Line = {
  ...{ name: 'step BatchTopK', recipe: 'BatchTopK', plain: false, npmAlone: false },
  ...{ ms: 10, samplesPerSecond: 102_400, world: 'small', d_in: 64, d_sae: 128 },
  ...{ msWaiting: 1, msForward: 5, msEncodes: 2, msBackward: 3, msOptimiser: 1, msOneEncode: 0.5, msCpu: 9 },
  ...{
    encodeShareOfCeiling: 0.5,
    stepOverEncodes: 20,
    msSampling: 2,
    firstStepMs: 1500,
    peakMegabytes: 216.1,
  },
  ...{ batch: 1024, backend: 'embedded', ceiling: 'OpenBLAS, 2 threads' },
};

describe('a bench for the eye', () => {
  it('has words and units, and only the columns that there are', () => {
    const lines: Line[] = [
      {
        name: 'sampler dense',
        ms: 2000,
        samplesPerSecond: 479_061,
        cpuMicrosecondsPerSample: 1.9065,
        ratio: 107.35,
      },
      {
        name: 'reference pipeline',
        ms: 1750,
        samplesPerSecond: 4462.5,
        cpuMicrosecondsPerSample: 207.2,
        ratio: 1,
      },
    ];
    expect(inWords('sampler', lines)).toBe(
      [
        '                    samples/s  processor µs/sample  times the reference',
        'sampler dense         479,000                 1.91                  107',
        'reference pipeline      4,460                  207                    1',
        '',
      ].join('\n'),
    );
  });

  it('says what the parts of a verdict make together', () => {
    const said = inWords('eval', [
      { name: 'eval matching', ms: 11.1, latents: 128 },
      { name: 'eval encode', ms: 1, samplesPerSecond: 1e6, backend: 'embedded' },
      { name: 'eval draw and count', ms: 1, samplesPerSecond: 2e5, peakMegabytes: 389 },
    ]);
    expect(said).toContain('11.1 ms of matching 128 latents once, then for each 100,000 rows 0.5 s');
    expect(said).toContain('draw and count is the slower one');
  });

  it('has a table for each recipe, whose parts add up', () => {
    const plain = { ...step, plain: true, ms: 40, ratio: 1 };
    const said = inWords('step', [plain, { ...step, ratio: 4 }, { ...step, recipe: 'LISTA' }]);
    const [first, second] = said.split('\n\n');
    expect(
      first
        .split('\n')
        .slice(0, 3)
        .map((line) => line.trim().split(/\s{2,}/)),
    ).toEqual([
      ['BatchTopK · world small · d_in 64, d_sae 128, batch 1024'],
      ['plain tfjs', 'the engine'],
      ['samples/s', '102,000', '102,000'],
    ]);
    expect(second).toMatch(/^LISTA · world small/);
    expect(second).not.toContain('kernel');
    const ms = (words: string) => Number(new RegExp(`^ *${words} +([\\d.]+)$`, 'm').exec(second)?.[1]);
    expect(ms('waiting for data') + ms('forward') + ms('gradients') + ms('optimiser')).toBe(ms('a step, ms'));
    expect(ms('encodes') + ms('the rest')).toBe(ms('forward'));
  });

  it('says what a step does on a device beside what was planned, and by kernel', () => {
    const kernels = [{ name: 'product', launches: 2, bytesRead: 3e6, bytesWritten: 1e6, flops: 4e6, ms: 2 }];
    const bounds = { flops: 2e6, bytes: 1e6, bytesSent: 1e6, bytesReadBack: 0, launches: 60 };
    const there = { launches: 57, reads: 0, bytesReadBack: 0, bytesSent: 2e6, replayed: 0.5, msThread: 0.2 };
    const moved = { flops: 4e6, bytesMoved: 4e6, kernels, bounds };
    const rows = inWords('step', [{ ...step, ...there, ...moved }])
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['of the thread of JavaScript, ms', '0.20'],
        ['launches', '57', '60'],
        ['M operations', '4', '2'],
        ['MB that kernels move', '4', '1'],
        ['MB read back', '0', '0'],
        ['50 % of the steps were replayed'],
        ['product', '2', '3', '1', '4', '2.000'],
      ]),
    );
  });
});
