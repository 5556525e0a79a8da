import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TopLevelSpec } from 'vega-lite';
import { expect, it } from 'vitest';
import { plot, plotSpec, plotWithin } from './vega.ts';

const points = (values: object[]): TopLevelSpec => ({
  data: { values },
  mark: 'point',
  encoding: { x: { field: 'a', type: 'quantitative' } },
});

it('draws SVG, with words escaped', async () => {
  const svg = await plot({ ...points([{ a: 1 }]), title: '<script>alert(1)</script>' });
  expect(svg).toMatch(/^<svg/);
  expect(svg).not.toContain('<script');
});

it('draws the same picture the same way each time, and shares no id with another', async () => {
  const clipped = (a: number) =>
    plot({ ...points([{ a }]), mark: { type: 'point', clip: true } } as TopLevelSpec);
  const [first, other, again] = [await clipped(1), await clipped(2), await clipped(1)];
  expect(again).toBe(first);
  const ids = (svg: string) => [...svg.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
  expect(ids(first)).toHaveLength(1);
  expect(ids(other)).not.toEqual(ids(first));
  expect(first).toContain(`url(#${ids(first)[0]})`);
});

it('loads nothing: neither a file nor an address', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end('[{"a":1}]');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.json`;
  for (const source of [url, '/etc/passwd', 'file:///etc/passwd']) {
    const svg = await plot({ ...points([]), data: { url: source } }).catch(() => '');
    expect(svg).not.toContain('root:');
  }
  server.close();
  expect(asked).toBe(0);
});

it.each([
  ['{', 'not JSON'],
  ['3', 'not a JSON object'],
  [JSON.stringify({ data: { url: 'x' }, mark: 'point' }), '"url"'],
  [JSON.stringify({ mark: { type: 'image' } }), '"image"'],
  [JSON.stringify({ data: { sequence: { start: 0, stop: 1e9 } }, mark: 'point' }), '"sequence"'],
  [JSON.stringify({ data: { values: Array(5001).fill({ a: 1 }) }, mark: 'point' }), 'more than 5000 rows'],
  [`{"layer":${'['.repeat(30)}${']'.repeat(30)}}`, 'nested'],
])('refuses a spec: %.40s', (source, why) => {
  expect(() => plotSpec(source)).toThrow(why);
});

it('evaluates expressions without the power of JavaScript', async () => {
  const spec = {
    ...points([{ a: 1 }]),
    transform: [{ calculate: 'constructor.constructor("throw 1")()', as: 'b' }],
  } as TopLevelSpec;
  await expect(plot(spec)).rejects.toThrow();
});

it('ends a plot that takes too long, and draws the next one', async () => {
  const spec = {
    ...points([{ a: 1 }, { a: 2 }]),
    transform: [{ density: 'a', steps: 1e8 }],
  } as TopLevelSpec;
  const [endless, next] = [plotWithin(0.3, spec), plot(points([{ a: 1 }]))];
  await expect(endless).rejects.toThrow('longer than 0.3 s');
  expect(await next).toMatch(/^<svg/);
});
