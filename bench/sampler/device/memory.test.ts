import { describe, expect, it } from 'vitest';
import { chooseDevice } from '#engine/opencl/devices';
import { OpenClDriver } from '#engine/opencl/opencl-driver';
import { noDevice } from '#engine/opencl/testing/here';
import { buildWorld } from '../../world/build.ts';
import { config } from '../testing/deep-world.ts';
import { DeviceSampler } from './device-sampler.ts';

const world = await buildWorld(config);
const ROWS = 300;

/** A device with that many bytes, and how many of them are left. */
function deviceWith(bytes: number): { driver: OpenClDriver; left(): number } {
  const driver = new OpenClDriver(chooseDevice());
  const [create, free] = [driver.create.bind(driver), driver.free.bind(driver)];
  const sizes = new Map<number, number>();
  let left = bytes;
  driver.create = (size) => {
    if (size > left) return null;
    const handle = create(size);
    if (handle === null) return null;
    sizes.set(handle, size);
    left -= size;
    return handle;
  };
  driver.free = (handle) => {
    left += sizes.get(handle) ?? 0;
    sizes.delete(handle);
    free(handle);
  };
  return { driver, left: () => left };
}

// The arrays of this world take 9,304 bytes, eight rows 11,832 and a batch 12,000.
describe.skipIf(noDevice !== null)('the sampler on a device with little memory', () => {
  it.each([
    ['eight rows and one batch', 34_000, 8, 1],
    ['sixteen rows and two batches', 60_000, 16, 2],
    ['many rows and four batches', 1 << 19, 256, 4],
  ])('draws the same bits, %s at a time', (_, bytes, atATime, ahead) => {
    const alone = new DeviceSampler(world, 7);
    const sampler = new DeviceSampler(world, 7, deviceWith(bytes).driver);
    const xs = [0, 1, 2, 3].map(() => new Float32Array(ROWS * world.hiddenDim));
    const expected = new Float32Array(ROWS * world.hiddenDim);
    for (const index of [3, 7, 20]) {
      sampler.writeAndBeginNext(index, ROWS, ...xs);
      for (const [i, x] of xs.entries()) {
        alone.write(index + i, ROWS, expected);
        expect(x, `${index} + ${i}`).toEqual(expected);
      }
    }
    expect(sampler.sample(5, ROWS)).toEqual(alone.sample(5, ROWS));
    const { slices, batches } = sampler as unknown as {
      slices: { rows: number };
      batches: { memory: unknown[] };
    };
    expect([slices.rows, batches.memory.length]).toEqual([atATime, ahead]);
  });

  const noRoom = /^.+ has no memory left for \d+ bytes of the sampler$/;
  it.each([
    ['the world', 5_000],
    ['eight rows of it', 15_000],
  ])('says in one line that it has no room for %s, and takes none', (_, bytes) => {
    const { driver, left } = deviceWith(bytes);
    expect(() => new DeviceSampler(world, 7, driver)).toThrow(noRoom);
    expect(left()).toBe(bytes);
  });

  it('says in one line that it has no room for a batch beside eight rows', () => {
    const sampler = new DeviceSampler(world, 7, deviceWith(30_000).driver);
    expect(() => sampler.write(0, ROWS, new Float32Array(ROWS * world.hiddenDim))).toThrow(noRoom);
  });
});
