import { expect, it } from 'vitest';
import { lineOf, tableOf } from './compare.ts';

const what = { name: 'BatchTopK', device: 'cpu' as const, batch: 1000 };
const peer = { fp32: [1000, 500, 900], bf16: [800, 700, 750] };

it('compares medians with the better of the two precisions', () => {
  const line = lineOf(what, { peer, ours: { blas: [100, 90, 400], npm: [150, 150, 200] } });
  expect(line).toMatchObject({ name: 'peer BatchTopK', ms: 100, samplesPerSecond: 10_000 });
  expect(line.peerFp32).toBeCloseTo(1111.1, 1);
  expect(line.peerBf16).toBeCloseTo(1333.3, 1);
  expect(line.ratio).toBeCloseTo(7.5);
  expect(line.npmAloneRatio).toBeCloseTo(5);
  const slower = lineOf(what, { peer: { ...peer, bf16: [2000] }, ours: { npm: [100] } });
  expect(slower.ratio).toBeCloseTo(9);
});

it('is npm alone where there is no OpenBLAS', () => {
  const line = lineOf(what, { peer, ours: { npm: [150, 150, 200] } });
  expect([line.samplesPerSecond, line.ratio]).toEqual([line.npmAlone, line.npmAloneRatio]);
});

it('is a table for the eye', () => {
  const ours = { blas: [100], npm: [150] };
  const lines = [
    lineOf(what, { peer, ours }),
    lineOf({ ...what, device: 'cuda' }, { peer: { fp32: [10], bf16: [5] }, ours }),
  ];
  expect(tableOf(lines)).toBe(
    [
      '                            SAELens fp32     bf16    ours  times  npm alone  times',
      'BatchTopK                          1,110    1,330  10,000    7.5      6,670    5.0',
      'BatchTopK, SAELens on cuda       100,000  200,000  10,000  0.050      6,670  0.033',
      '',
    ].join('\n'),
  );
});
