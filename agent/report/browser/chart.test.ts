import { expect, it } from 'vitest';
import { chart, niceTicks } from './chart.ts';

const line = (letter: string, values: readonly number[], style = 0) => ({
  ...{ letter, style },
  points: values.map((y, i) => ({ x: 1000 * (i + 1), y })),
});
const yOf = (svg: string, letter: string) =>
  Number(new RegExp(`<text class="end[^>]* y="([\\d.]+)">${letter}<`).exec(svg)?.[1]);

it('draws every line with its letter, and says in words where each ends', () => {
  const svg = chart('Loss', [line('A', [3, 2, 1]), line('B', [3, 2.5, 2.1], 1)]);
  expect(svg.match(/class="line s[01]"/g)).toHaveLength(2);
  expect(svg).toContain('aria-label="Loss over training samples: A ends at 1.000, B ends at 2.10"');
  expect(yOf(svg, 'B')).toBeLessThan(yOf(svg, 'A'));
});

it('moves letters apart that would cover each other', () => {
  const svg = chart('x', [line('A', [1, 2]), line('B', [1.5, 2]), line('C', [1.2, 2])]);
  const ys = ['A', 'B', 'C'].map((letter) => yOf(svg, letter)).sort((a, b) => a - b);
  expect((ys[1] ?? 0) - (ys[0] ?? 0)).toBeGreaterThanOrEqual(12);
  expect((ys[2] ?? 0) - (ys[1] ?? 0)).toBeGreaterThanOrEqual(12);
});

it('lets the first steps of a loss fall out of the range, and takes a logarithm where values span much', () => {
  const values = [1000, ...Array.from({ length: 60 }, () => 5), 4];
  expect(chart('Loss', [line('A', values)])).not.toContain('logarithmic');
  expect(
    chart('Loss', [
      line(
        'A',
        Array.from({ length: 60 }, (_, i) => 1000 / (i + 1) ** 2),
      ),
    ]),
  ).toContain('logarithmic');
});

it('draws nothing of nothing, and no number that is none', () => {
  expect(chart('x', [line('A', [])])).toBe('');
  expect(chart('x', [line('A', [Number.NaN, 1, Number.POSITIVE_INFINITY, 2])])).not.toMatch(/NaN|Infinity/);
  expect(chart('<b>"', [line('A', [1])])).not.toContain('<b>');
  expect(chart('flat', [line('A', [0, 0])])).not.toMatch(/NaN|Infinity/);
});

it.each([
  [0, 1],
  [0.61, 0.94],
  [-3, 12],
  [0, 0],
  [5, 5],
  [1e-7, 2e-7],
  [0, 2_048_000],
])('finds few round ticks that hold %d to %d', (low, high) => {
  const ticks = niceTicks(low, high);
  expect(ticks.length).toBeGreaterThan(0);
  expect(ticks.length).toBeLessThan(9);
  expect(Math.min(...ticks)).toBeLessThanOrEqual(low + 1e-12);
  expect(Math.max(...ticks)).toBeGreaterThanOrEqual(high - 1e-12);
});
