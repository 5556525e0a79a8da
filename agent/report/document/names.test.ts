import { expect, it } from 'vitest';
import {
  clip,
  count,
  dateTime,
  duration,
  label,
  metricNumber,
  money,
  number,
  numberFormat,
  samples,
  signed,
} from './names.ts';

it('names numbers as the field does', () => {
  expect(['f1', 'mcc', 'l0', 'dead_latents', 'precision'].map(label)).toEqual([
    'F1',
    'MCC',
    'L0',
    'Dead latents',
    'Precision',
  ]);
  expect(['loss', 'a_b', 'held_out_loss'].map(label)).toEqual(['Loss', 'A b', 'Held out loss']);
});

it('writes numbers with the digits that matter', () => {
  expect([0.8724, 1, 0, 12.345, 128.25, 41, 0.00012, -0.5].map((v) => number(v))).toEqual([
    '0.872',
    '1.000',
    '0',
    '12.35',
    '128.3',
    '41',
    '1.2e−4',
    '−0.500',
  ]);
  expect([101.25, 99.5].map((v) => number(v))).toEqual(['101.3', '99.50']);
  expect(number(0, false)).toBe('0.000');
  expect(number(undefined)).toBe('–');
  expect(number(Number.NaN)).toBe('–');
});

it('writes a column alike: one dead latent is 1, a uniqueness of one is 1.000', () => {
  expect(numberFormat('dead_latents', [0, 1, 41])(1)).toBe('1');
  expect(numberFormat('uniqueness', [0.998, 1])(1)).toBe('1.000');
  expect(numberFormat('uniqueness', [undefined, 1])(1)).toBe('1.000');
  expect(numberFormat('dead_latents', [undefined, 1])(1)).toBe('1');
  expect(['dead_latents', 'uniqueness'].map((name) => metricNumber(name, 1))).toEqual(['1', '1.000']);
  const counts = ['n_parameters', 'num_rows_seen', 'samples', 'training_steps'];
  expect(counts.map((name) => metricNumber(name, 1))).toEqual(['1', '1', '1', '1']);
  expect(metricNumber('dead_latents', 1.5)).toBe('1.500');
  expect([1, 0, -3].map((v) => signed(v, 'dead_latents'))).toEqual(['+1', 'unchanged', '−3']);
});

it('writes a column with the same digits all the way down', () => {
  const format = numberFormat('loss', [2.114, 1.375, undefined]);
  expect([2.114, 1.375, undefined, -1].map(format)).toEqual(['2.114', '1.375', '–', '−1.000']);
  expect(format(Number.NaN)).toBe('–');
  expect(numberFormat('rate', [25.12, 1.5])(25.12)).toBe('25.12');
  expect(numberFormat('rate', [0.0001, 1.5])(0.0001)).toBe('1.0e−4');
  expect(numberFormat('rate', [])(2)).toBe('2.00');
});

it('writes differences with their sign, and none where there is none: ±0.000 would read as an error bar', () => {
  expect([0.0071, -0.012, 0, 0.0004].map((v) => signed(v))).toEqual([
    '+0.007',
    '−0.012',
    'unchanged',
    'unchanged',
  ]);
});

it('writes amounts', () => {
  expect([999, 20_480, 1_024_000, 200_000_000].map(samples)).toEqual(['999', '20.5k', '1M', '200M']);
  expect([5000, 1e6].map(samples)).toEqual(['5,000', '1M']);
  expect([0.42, 42.4, 600, 14_760].map(duration)).toEqual(['0.4 s', '42 s', '10 min', '4.1 h']);
  expect([75, 3700].map(duration)).toEqual(['75 s', '62 min']);
  expect([0, 0.0012, 9.84].map(money)).toEqual(['$0.00', '$0.0012', '$9.84']);
  expect(count(-1234)).toBe('−1,234');
  for (const length of [7, 8]) expect(clip('a long title', length)).toBe('a long…');
  expect(clip('abc', 3)).toBe('abc');
  // One character may be two UTF-16 units of JavaScript.
  expect(clip('😀😀😀', 2)).toBe('😀…');
});

it('writes times to the minute, and leaves what is none', () => {
  expect(dateTime('2026-02-18T21:40:59.000+01:00')).toBe('2026-02-18 20:40 UTC');
  expect(dateTime('yesterday')).toBe('yesterday');
});
