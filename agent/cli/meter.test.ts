import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { clock } from '#contract/working';
import { count, Meter, progressLine } from './meter.ts';

const at = (samples: number) => ({
  ...{ step: 1, samples, totalSamples: 4_096_000, samplesPerSecond: 152_345, etaSeconds: 75.4 },
  values: { loss: 0.012345, l0: 4, explained_variance: 0.7777, learning_rate: 1e-3 },
});

function shown(isTTY: boolean, ...samples: number[]): string {
  const out = Object.assign(new PassThrough(), { isTTY, columns: 90 });
  const meter = new Meter([], out as unknown as NodeJS.WriteStream);
  for (const n of samples) meter.show(at(n));
  meter.end();
  // One read returns everything or only a piece, depending on the version of Node.
  let text = '';
  for (let part = out.read(); part !== null; part = out.read()) text += part;
  return text;
}

describe('the progress of a run', () => {
  it('is a line', () => {
    const always = '42% · 1.72M of 4.10M samples · 152k samples/s · 1:15 left';
    expect(progressLine(at(1_720_320))).toBe(`${always} · loss 0.0123 · l0 4 · explained_variance 0.778`);
    expect(progressLine(at(1_720_320), ['l0', 'absent'])).toBe(`${always} · l0 4`);
    expect(progressLine({ ...at(1024), totalSamples: 1 })).toMatch(/^100% · 1.02k of 1 samples/);
  });

  it('is a bar that is drawn over on a terminal, as wide as that', () => {
    const text = shown(true, 1_024_000, 1_024_001, 4_096_000);
    const lines = text.trimEnd().split('\r\x1b[K').slice(1);
    expect(lines).toHaveLength(2);
    expect(lines[0].startsWith(`${'█'.repeat(6)}${'░'.repeat(18)} 25%`)).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(90);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('is a plain line now and then elsewhere, and at the end', () => {
    const lines = shown(false, 1024, 2048, 3072, 4_096_000).trim().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['0%', '100%']);
  });

  it('has readable numbers', () => {
    expect([950, 12_345, 999_999, 4.1e6, 2e9].map(count)).toEqual([
      '950',
      '12.3k',
      '1.00M',
      '4.10M',
      '2.00G',
    ]);
    expect([0.4, 59.6, 725, 12_000].map(clock)).toEqual(['0:00', '1:00', '12:05', '3:20:00']);
  });
});
