import { expect, it } from 'vitest';
import { uniform } from '../random.ts';
import { Device } from './device.ts';
import { chooseDevice } from './devices.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { noDevice } from './testing/here.ts';

/** To the nearest number with 10 bits of mantissa, ties away from 0. */
function tf32(value: number): number {
  if (value === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  return Math.sign(value) * Math.floor(Math.abs(value) / unit + 0.5) * unit;
}

it.skipIf(noDevice).each([
  [16, 8, 8],
  [16, 8, 40],
  [37, 21, 19],
  [1, 1, 1],
])('the fragments of a product of %i × %i × %i hold the numbers that the instruction takes', (m, n, k) => {
  const device = new Device(new OpenClDriver(chooseDevice()), 64);
  const next = uniform(m + n);
  const draw = (size: number) => Float32Array.from({ length: size }, () => 4 * next() - 2);
  const [a, b] = [draw(m * k), draw(k * n)];
  const out = device.allocate(m * n);
  const global = [Math.ceil(n / 8) * 32, Math.ceil(m / 16)];
  const args = [device.upload(a), device.upload(b), out, m, n, k];
  device.launch('mma', 'product_tf32', { global, local: [32, 1] }, args);
  const found = new Float32Array(m * n);
  device.read([[out, found]]);
  for (const [at, value] of found.entries()) {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += tf32(a[row * k + i]) * tf32(b[i * n + column]);
    expect(Math.abs(value - sum), `${row}, ${column}`).toBeLessThan(1e-5 * (1 + k));
  }
});
