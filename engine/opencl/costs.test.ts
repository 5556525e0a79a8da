import { expect, it } from 'vitest';
import type { DeviceBuffer } from './buffers.ts';
import { asChain, joined, launchOf } from './chain.ts';
import { costOf, workOf } from './costs.ts';
import type { Argument, Launch } from './launch.ts';

const buffer = (numbers: number): DeviceBuffer => ({
  ...{ handle: numbers, bytes: 8 * numbers, asked: 4 * numbers, argument: new BigUint64Array(1) },
});

/** A launch whose last buffer is its output. */
function launch(group: Launch['group'], name: string, args: Argument[], more: Partial<Launch> = {}): Launch {
  const last = args.findLastIndex((argument) => argument !== null && typeof argument !== 'number');
  const outputs = args.map((_, i) => i === last);
  return { group, name, args, outputs, defines: '', range: { global: [256], local: [256] }, ...more };
}

it('counts what a kernel without a rule reads and writes by what its buffers hold', () => {
  const squares = launch('fused', 'squared_errors', [buffer(60), null, buffer(60), null, buffer(6), 10]);
  expect(costOf(squares)).toEqual({ bytesRead: 480, bytesWritten: 24, flops: 120 });
  const moves = launch('movement', 'transposed', [buffer(60), buffer(60), 6, 10]);
  expect(costOf(moves)).toEqual({ bytesRead: 240, bytesWritten: 240, flops: 0 });
});

it('counts a dense product by its sizes, and a stack of them', () => {
  const [m, n, k] = [6, 7, 8];
  const args = [buffer(m * k), buffer(k * n), buffer(m * n), m, n, k, 0, 0, buffer(n), null, 1, 0];
  const one = launch('matmul', 'product', args, { range: { global: [16, 16, 1], local: [16, 16, 1] } });
  expect(costOf(one)).toEqual({ bytesRead: 4 * (48 + 56 + 7), bytesWritten: 168, flops: 2 * 336 });
  const three = { ...one, range: { global: [16, 16, 3], local: [16, 16, 1] } };
  expect(costOf(three).flops).toBe(3 * 2 * 336);
});

it('counts a product over non-zeros by those that there can be, in vectors of the build', () => {
  const lists = [buffer(5), buffer(20), buffer(20), buffer(800)];
  const args = [...lists, 4, 2, null, 0, 1, buffer(32), null, null, null];
  const of = (defines: string) => costOf(launch('sparse', 'rows_times_dense', args, { defines }));
  expect(of('-D VECTOR=4')).toEqual({ bytesRead: 4 * (4 + 200), bytesWritten: 128, flops: 320 });
  expect(of('-D VECTOR=1')).toEqual({ bytesRead: 4 * (4 + 80), bytesWritten: 32, flops: 80 });
});

it('counts Adam over all parameters of a launch', () => {
  const args = [...Array(12).fill(null), 100, 20, 0, 0, 0, 0, buffer(240), 0, 120];
  expect(costOf(launch('optimiser', 'adam', args))).toMatchObject({
    bytesRead: 4 * 480,
    bytesWritten: 4 * 360,
  });
});

it('counts each link of a chain', () => {
  const [a, b, c] = [buffer(12), buffer(12), buffer(12)];
  const strides = [0, 4, 1, 0, 0, 1];
  const links = [
    launch('elementwise', 'spread_add', [a, buffer(4), c, 12, 3, 4, ...strides]),
    launch('elementwise', 'multiply', [c, b, c, 12, 1, -1, 0, 2]),
  ].map(asChain);
  const [one, two] = links;
  const both = one && two && joined(one, two);
  if (!both) throw new Error('no chain');
  // 12 and 4 numbers, then 12 and a number of the host.
  expect(costOf(launchOf(both, () => buffer(20)))).toEqual({ bytesRead: 112, bytesWritten: 96, flops: 24 });
});

it('sums the launches of a kernel, the one that moves most first', () => {
  const small = launch('movement', 'transposed', [buffer(4), buffer(4), 2, 2]);
  const large = launch('fused', 'row_norms', [buffer(60), buffer(6), 10]);
  expect(workOf([small, large, small])).toEqual([
    { name: 'row_norms', launches: 1, bytesRead: 240, bytesWritten: 24, flops: 60 },
    { name: 'transposed', launches: 2, bytesRead: 32, bytesWritten: 32, flops: 0 },
  ]);
});
