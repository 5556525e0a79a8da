import { expect, it } from 'vitest';
import { Device } from './device.ts';
import { chooseDevice } from './devices.ts';
import { check, DeviceError } from './library.ts';
import { OpenClDriver } from './opencl-driver.ts';
import { noDevice } from './testing/here.ts';

if (noDevice) console.log(`SKIP: ${noDevice}`);

const device = () => new Device(new OpenClDriver(chooseDevice()), 64);

it.skipIf(noDevice)('copies numbers there, computes, and copies them back, and counts it all', () => {
  const own = device();
  const [a, out] = [own.allocate(5), own.allocate(5)];
  own.write(a, Float32Array.of(1, 2, 3, 4, 5));
  own.each('elementwise', 'square', 5, [a, out, 5, 0, 0]);
  const into = new Float32Array(5);
  own.read([[out, into]]);
  expect([...into]).toEqual([1, 4, 9, 16, 25]);
  expect(own.counts).toEqual({ launches: 1, reads: 1, bytesRead: 20, bytesWritten: 20 });
  own.each('elementwise', 'square', 0, [a, out, 0, 0, 0]);
  expect(own.counts.launches).toBe(1);
});

it.skipIf(noDevice)('copies to memory of this process that it reads and writes by itself', () => {
  const own = device();
  const buffer = own.upload(Float32Array.of(1, 2, 3, 4));
  const memory = own.driver.hostMemory(24) as ArrayBuffer;
  const into = new Float32Array(memory, 8, 4);
  own.read([[buffer, into]]);
  expect([...into]).toEqual([1, 2, 3, 4]);
  expect(own.driver.hostMemory(0)).toBeNull();
});

it.skipIf(noDevice)('says how long each kernel took, where it is asked for', () => {
  const own = device();
  const a = own.allocate(1000);
  own.each('elementwise', 'fill', 1000, [a, 1000, 1]);
  own.timeline.begin();
  for (let i = 0; i < 3; i++) own.each('elementwise', 'fill', 1000, [a, 1000, i]);
  own.finish();
  const times = own.timeline.end();
  expect([...times.keys()]).toEqual(['fill']);
  expect(times.get('fill')?.launches).toBe(3);
  expect(times.get('fill')?.ms).toBeGreaterThan(0);
  own.each('elementwise', 'fill', 1000, [a, 1000, 1]);
  expect(own.timeline.end().size).toBe(0);
});

it.skipIf(noDevice)('refuses what is no kernel, and arguments that are not its own', () => {
  const own = device();
  expect(() => own.each('fused', 'square', 1, [])).toThrow('fused.cl has no kernel square');
  expect(() => own.each('elementwise', 'fill', 1, [null, 1])).toThrow('fill takes 3 arguments, not 2');
});

it.skipIf(noDevice)(
  'ends with one line where memory is full, a program does not build, or a card is lost',
  () => {
    const own = device();
    const full = () => own.allocate(2 ** 45);
    expect(full).toThrow(DeviceError);
    expect(full).toThrow(
      /^.* has no memory left for 134217728 MB \(0 MB in use\): take a smaller batch or width$/,
    );
    const wrong = () => own.each('elementwise', 'fill', 1, [null, 1, 1], '-D fill=3');
    expect(wrong).toThrow(DeviceError);
    expect(wrong).toThrow(/^.* cannot build elementwise\.cl: .*error.*$/);
    expect(() => check(-36, 'a card: add')).toThrow(
      new DeviceError('a card: add: the device is lost: start the run again (OpenCL error -36)', -36),
    );
  },
);

it.skipIf(noDevice)('takes the device that is named, and lists those there are for another name', () => {
  expect(chooseDevice('').kind).toMatch(/card|integrated|software/);
  expect(() => chooseDevice('abacus')).toThrow(
    /^ENGINE_OPENCL_DEVICE=abacus: no device of that name; there are: .+$/,
  );
});
