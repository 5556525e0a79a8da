import { expect, it } from 'vitest';
import {
  clip,
  count,
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
  expect(number(undefined)).toBe('–');
  expect(number(Number.NaN)).toBe('–');
});

it('writes a column alike: one dead latent is 1, a uniqueness of one is 1.000', () => {
  expect(numberFormat('dead_latents', [0, 1, 41])(1)).toBe('1');
  expect(numberFormat('uniqueness', [0.998, 1])(1)).toBe('1.000');
  expect(numberFormat('uniqueness', [undefined, 1])(1)).toBe('1.000');
  expect(numberFormat('dead_latents', [undefined, 1])(1)).toBe('1');
  expect(['dead_latents', 'uniqueness'].map((name) => metricNumber(name, 1))).toEqual(['1', '1.000']);
  expect([1, 0, -3].map((v) => signed(v, 'dead_latents'))).toEqual(['+1', 'unchanged', '−3']);
});

it('writes a column with the same digits all the way down', () => {
  const format = numberFormat('loss', [2.114, 1.375, undefined]);
  expect([2.114, 1.375, undefined, -1].map(format)).toEqual(['2.114', '1.375', '–', '−1.000']);
  expect(numberFormat('rate', [25.12, 1.5])(25.12)).toBe('25.12');
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
  expect([0.42, 42.4, 600, 14_760].map(duration)).toEqual(['0.4 s', '42 s', '10 min', '4.1 h']);
  expect([0, 0.0012, 9.84].map(money)).toEqual(['$0.00', '$0.0012', '$9.84']);
  expect(count(-1234)).toBe('−1,234');
  expect(clip('a long title', 7)).toBe('a long…');
});
