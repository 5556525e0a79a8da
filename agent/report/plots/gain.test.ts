import { expect, it } from 'vitest';
import { type Differences, gainPlot } from './gain.ts';
import { PHONE, WIDTH } from './theme.ts';

const lines: Differences[] = [
  { name: 'F1, verified, seed 0', value: 0.03, single: [0.01] },
  { name: 'gain on 3 secret worlds', value: 0.02, error: 0.004, needed: 0.01, single: [] },
];

interface Layer {
  mark: { type: string; dy: number };
  data: { values: { name?: string; low?: number }[] };
  encoding: { x: { axis: { title: unknown } }; y?: { axis: unknown } };
}
const drawn = (width: number) =>
  gainPlot(lines, 0.006, 'right', width)?.panels[0] as unknown as { width: number; layer: Layer[] };
const names = lines.map(({ name }) => name);

it('has the names beside its lines, on one band, where there is room', () => {
  const { width, layer } = drawn(WIDTH);
  expect(width).toBe(WIDTH);
  expect(layer.map(({ mark }) => mark.type)).not.toContain('text');
  expect(layer.find(({ mark }) => mark.type === 'point')?.encoding.y?.axis).not.toBeNull();
  expect(layer[0]?.data.values).toEqual([{ low: -0.006, high: 0.006 }]);
});

it('has them above its lines on a phone, and a piece of the band below each', () => {
  const { width, layer } = drawn(PHONE);
  expect(width).toBe(PHONE);
  const text = layer.find(({ mark }) => mark.type === 'text');
  expect(text?.data.values.map(({ name }) => name)).toEqual(names);
  expect(text?.mark.dy).toBeLessThan(0);
  for (const { encoding } of layer) expect(encoding.y?.axis).toBeNull();
  expect(layer[0]?.data.values.map(({ name, low }) => [name, low])).toEqual(
    names.map((name) => [name, -0.006]),
  );
});
