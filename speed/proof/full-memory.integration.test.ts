import { afterEach, describe, expect, it } from 'vitest';
import { CudaDriver } from '#engine/cuda/cuda-driver';
import { chooseCudaDevice } from '#engine/cuda/devices';
import { noStandIn, standIn } from '#engine/cuda/testing/stand-in';
import { ITEMS } from '#engine/cuda/variants';
import { Device } from '#engine/opencl/device';
import { fillMemory } from './full-memory.ts';

describe.skipIf(noStandIn)('a device whose memory is filled', () => {
  afterEach(() => standIn().limit(0));
  const open = () => new Device(new CudaDriver(chooseCudaDevice()), ITEMS);
  const limited = () => {
    standIn().limit(2 ** 26);
    return open();
  };

  it('refuses with the line of full memory, and goes on', () => {
    standIn();
    // As other tests of this process do.
    open().allocate(2 ** 25);
    const device = limited();
    const { bytes, line, ...rest } = fillMemory(device);
    expect(rest).toEqual({ isToldAsMemory: true, goesOn: true });
    expect(line).toMatch(/^stand-in for a card has no memory left for \d+ MB/);
    expect(bytes).toBeGreaterThan(2 ** 25);
    expect(bytes).toBeLessThanOrEqual(2 ** 26);
  });

  it('is told of where it never refuses', () => {
    const device = limited();
    standIn().limit(2 ** 30);
    expect(() => fillMemory(device)).toThrow(
      'stand-in for a card gave more than twice the memory that it has',
    );
  });
});
