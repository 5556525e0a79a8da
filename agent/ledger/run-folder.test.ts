import { expect, it } from 'vitest';
import { meanSpeed } from './run-folder.ts';

it('takes the speed of a run over all of it, not at its last moment', () => {
  // 100 samples in 10 s, 300 in 3 s, 100 in 1 s, and a last log line of one fast sample.
  const speeds = [
    { samples: 100, samplesPerSecond: 10 },
    { samples: 400, samplesPerSecond: 100 },
    { samples: 500, samplesPerSecond: 100 },
    { samples: 501, samplesPerSecond: 1e6 },
  ];
  expect(meanSpeed(speeds)).toBeCloseTo(501 / 14, 3);
});

it('knows none where nothing was logged, or no speed', () => {
  expect(meanSpeed([])).toBeNull();
  expect(meanSpeed([{ samples: 10, samplesPerSecond: 0 }])).toBeNull();
});
