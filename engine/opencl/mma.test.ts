import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '#contract/errors';
import { openBackend } from '../backend.ts';
import { deviceCounts } from '../device-counts.ts';
import { encode } from '../ops.ts';
import { uniform } from '../random.ts';
import { openClBackend } from './backend.ts';
import { Device } from './device.ts';
import { chooseDevice } from './devices.ts';
import { encodesAskedFor, proveEncodes, tf32 } from './encodes.ts';
import { multiply } from './matmul.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { noDevice } from './testing/here.ts';

it('a number in TF32 is the nearest with 10 bits of mantissa, ties away from 0', () => {
  const unit = 2 ** -10;
  expect([1 + unit / 2, 1 + 0.49 * unit, -1 - unit / 2, 0, 1e30].map(tf32)).toEqual([
    ...[1 + unit, 1, -1 - unit, 0],
    Math.round(1e30 / 2 ** 89) * 2 ** 89,
  ]);
});

describe.skipIf(noDevice)('a product by the tensor cores, whose instructions are emulated', () => {
  const draw = (size: number, next: () => number) =>
    Float32Array.from({ length: size }, () => 4 * next() - 2);

  // Rows that are multiples of four numbers, which are copied four at a time, and others; one tile and
  // several, fewer steps of depth than tiles in turn, and more. Copies come as late as may be, or as early.
  const SIZES: [number, number, number][] = [
    [16, 8, 8],
    [130, 132, 40],
    [130, 70, 50],
    [37, 21, 19],
    [1, 1, 1],
  ];
  it.each([
    ...[64, 128].flatMap((group) => SIZES.map((size) => [group, ...size, 'late'] as const)),
    ...SIZES.flatMap((size) => (['late', 'early'] as const).map((when) => [256, ...size, when] as const)),
  ])('of groups of %i is right for %i × %i × %i, with copies that come %s', (group, m, n, k, when) => {
    const device = new Device(new OpenClDriver(chooseDevice()), group);
    device.encodes = 'tf32';
    const launch = device.launch.bind(device);
    if (when === 'early')
      vi.spyOn(device, 'launch').mockImplementation((of, name, range, args) =>
        launch(of, name, range, args, '-D HASTY'),
      );
    const next = uniform(m + n);
    const [a, b, bias, scale] = [m * k, k * n, n, n].map((size) => draw(size, next));
    const out = device.allocate(m * n);
    const [left, right, added, times] = [a, b, bias, scale].map((values) => device.upload(values));
    multiply(device, left, right, out, {
      ...{ m, n, k, transposeA: false, transposeB: false, bias: added, scale: times, isEncode: true },
    });
    const found = new Float32Array(m * n);
    device.read([[out, found]]);
    for (const [at, value] of found.entries()) {
      const [row, column] = [Math.floor(at / n), at % n];
      let [sum, exact] = [bias[column], bias[column]];
      for (let i = 0; i < k; i++) {
        sum += tf32(a[row * k + i]) * tf32(b[i * n + column]);
        exact += a[row * k + i] * b[i * n + column];
      }
      if (!(Math.abs(value - sum * scale[column]) < 1e-5 * (1 + k)))
        expect.fail(`${row}, ${column}: ${value} instead of ${sum * scale[column]}`);
      // Each of both is rounded by at most 2^-11 of itself, and no number is above 2.
      expect(Math.abs(value - exact * scale[column])).toBeLessThan(k * 8 * 2 ** -10 + 1e-5);
    }
  });

  it('keeps NaN and infinities, whatever the bits of NaN', () => {
    const device = new Device(new OpenClDriver(chooseDevice()), 256);
    device.encodes = 'tf32';
    const bits = Uint32Array.of(0x7fffffff, 0xffffffff, 0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff);
    const [a, one] = [device.upload(new Float32Array(bits.buffer)), device.upload(Float32Array.of(1))];
    const out = device.allocate(bits.length);
    multiply(device, a, one, out, {
      ...{ m: bits.length, n: 1, k: 1, transposeA: false, transposeB: false, isEncode: true },
    });
    const found = new Float32Array(bits.length);
    device.read([[out, found]]);
    const infinity = Number.POSITIVE_INFINITY;
    // The largest number is rounded upwards.
    expect([...found]).toEqual([Number.NaN, Number.NaN, Number.NaN, infinity, -infinity, infinity]);
  });
});

describe.skipIf(noDevice)('ENGINE_ENCODE', () => {
  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await openBackend('opencl');
  });
  /** What is said on stderr meanwhile. */
  const said = () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    return () => write.mock.calls.map(([line]) => String(line)).join('');
  };
  const encoded = () =>
    tf.tidy(() => {
      const [x, W] = [tf.tensor2d([[1 + 2 ** -12, 1]]), tf.tensor2d([[1], [1]])];
      return encode(x, W).dataSync()[0];
    });

  it('has encodes in float32 without it, and in TF32 with it, as label and field say', async () => {
    const plain = await openBackend('opencl');
    expect([plain.label, plain.encodes]).toEqual([expect.not.stringContaining('TF32'), 'fp32']);
    expect(encoded()).toBe(2 + 2 ** -12);
    vi.stubEnv('ENGINE_ENCODE', 'tf32');
    const tensorCores = await openBackend('opencl');
    expect([tensorCores.label, tensorCores.encodes]).toEqual([
      expect.stringMatching(/, encodes in TF32\)$/),
      'tf32',
    ]);
    expect(encoded()).toBe(2);
    // Its golden step is that of float32, also where it was opened before.
    expect((await openBackend('opencl')).label).toContain('TF32');
    expect((await openBackend('opencl', { plain: true })).label).not.toContain('TF32');
    vi.stubEnv('ENGINE_ENCODE', 'fp32');
    expect((await openBackend('opencl')).label).not.toContain('TF32');
    expect(encoded()).toBe(2 + 2 ** -12);
  });

  it('is taken back with one line where a device cannot, or computes other numbers', async () => {
    await openBackend('opencl');
    const device = openClBackend()?.device;
    if (!device) throw new Error('no device');
    const { found } = device;
    const line = said();
    Object.assign(device, { found: { ...found, hasTf32: false } });
    expect([proveEncodes('tf32'), device.encodes]).toEqual([null, 'fp32']);
    Object.assign(device, { found });
    const launch = device.launch.bind(device);
    // As a card would whose fragments lie otherwise: a product of other numbers.
    vi.spyOn(device, 'launch').mockImplementation((...words) => {
      const [, name, , args] = words;
      if (name === 'product_tf32') (args as unknown[])[8] = 0;
      launch(...words);
    });
    expect([proveEncodes('tf32'), device.encodes]).toEqual([null, 'fp32']);
    expect(line().split('\n')).toEqual([
      `ENGINE_ENCODE=tf32: ${found.name} encodes in float32: it needs the backend cuda and a card of compute capability 8.0 or newer (Ampere)`,
      expect.stringMatching(/: it failed its golden encode: [-\d.e]+ instead of [-\d.e]+$/),
      '',
    ]);
  });

  it('refuses a word that it does not have', () => {
    expect(() => encodesAskedFor('fp16')).toThrow(
      new UserError('ENGINE_ENCODE=fp16: must be one of fp32, tf32'),
    );
    expect(deviceCounts()).not.toBeNull();
  });
});
