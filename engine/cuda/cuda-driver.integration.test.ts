import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { backend } from '../backends/cuda.ts';
import { Device } from '../opencl/device.ts';
import { DeviceError } from '../opencl/library.ts';
import { openOpenCl } from '../opencl/open.ts';
import { registeredDevice } from '../opencl/register-device.ts';
import { CudaDriver } from './cuda-driver.ts';
import { chooseCudaDevice } from './devices.ts';
import { openCuda } from './open.ts';
import { noStandIn, standIn } from './testing/stand-in.ts';
import { ITEMS } from './variants.ts';

if (noStandIn) console.log(`SKIP: ${noStandIn}`);

const device = () => new Device(new CudaDriver(chooseCudaDevice()), ITEMS);
const thrown = (action: () => void): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return null;
};

describe.skipIf(noStandIn)('a device by the CUDA driver', () => {
  beforeAll(() => {
    standIn();
  });
  afterEach(() => {
    standIn().fail(0);
    standIn().limit(0);
    standIn().hasty(0);
    standIn().refuseGraphs(0);
    standIn().pose(0, 0);
    standIn().devices(1);
    vi.unstubAllEnvs();
  });

  it('copies numbers there, computes, and copies them back, and counts it all', () => {
    const own = device();
    const [a, out] = [own.allocate(5), own.allocate(5)];
    const from = Float32Array.of(1, 2, 3, 4, 5);
    own.write(a, from);
    from.fill(0);
    own.each('elementwise', 'square', 5, [a, out, 5, 0, 0]);
    const into = new Float32Array(5);
    own.read([[out, into]]);
    expect([...into]).toEqual([1, 4, 9, 16, 25]);
    expect(own.counts).toEqual({ launches: 1, reads: 1, bytesRead: 20, bytesWritten: 20 });
  });

  it('copies arrays of any size, and only that part that is asked for', () => {
    const own = device();
    const size = 2 ** 21;
    const [large, part] = [own.allocate(size), own.allocate(3)];
    const numbers = Float32Array.from({ length: size }, (_, i) => i);
    own.write(large, numbers);
    numbers.fill(0);
    own.copyPart(large, 4 * (size - 3), part, 12, false);
    const [some, all] = [new Float32Array(3), new Float32Array(size)];
    own.read([
      [part, some],
      [large, all],
    ]);
    expect([...some]).toEqual([size - 3, size - 2, size - 1]);
    expect(all.every((value, i) => value === i)).toBe(true);
  });

  it.each([
    ['late', 0],
    ['early', 1],
  ])(
    'brings numbers beside the queue in the order in which they are used, where copies come %s',
    (_, hasty) => {
      standIn().hasty(hasty);
      const own = device();
      const [slot, seen, sums] = [own.allocate(1000), own.allocate(1000), own.allocate(1000)];
      own.write(sums, new Float32Array(1000));
      let after = null;
      // More in a row than there are blocks of pinned memory.
      for (let step = 1; step <= 12; step++) {
        own.stage(slot, 0, new Float32Array(1000).fill(step), after);
        if (after) own.releaseEvent(after);
        after = own.copyPart(slot, 0, seen, 4000, true);
        own.each('elementwise', 'sum_of', 1000, [sums, seen, null, null, sums, 1000, 2]);
      }
      const into = new Float32Array(1000);
      own.read([[sums, into]]);
      expect(into.every((sum) => sum === 78)).toBe(true);
    },
  );

  it('copies to memory of this process that it reads and writes by itself, and has none where it is refused', () => {
    const own = device();
    const buffer = own.upload(Float32Array.of(1, 2, 3, 4));
    const memory = own.driver.hostMemory(24) as ArrayBuffer;
    const into = new Float32Array(memory, 8, 4);
    own.read([[buffer, into]]);
    expect([...into]).toEqual([1, 2, 3, 4]);
    expect(own.driver.hostMemory(0)).toBeNull();
  });

  it('says how long each kernel took, where it is asked for', () => {
    const own = device();
    const a = own.allocate(1000);
    own.timeline.begin();
    for (let i = 0; i < 3; i++) own.each('elementwise', 'fill', 1000, [a, 1000, i]);
    own.finish();
    const times = own.timeline.end();
    expect([...times.keys()]).toEqual(['fill']);
    expect(times.get('fill')?.launches).toBe(3);
    expect(times.get('fill')?.ms).toBeGreaterThan(0);
  });

  /** A step that counts in how many numbers four others differ from their squares: in three. */
  function counting() {
    const own = device();
    const [from, to] = [own.allocateLasting(4), own.allocateLasting(4)];
    to.overwritten = () => {};
    own.write(from, Float32Array.of(1, 2, 3, 4));
    own.write(to, new Float32Array(4));
    own.record();
    const between = own.allocate(4);
    own.each('elementwise', 'square', 4, [from, between, 4, 0, 0]);
    own.each('movement', 'count_different', 4, [between, from, 4, to]);
    own.release(between);
    const trace = own.endRecord();
    expect(trace.problem).toBeNull();
    const counted = () => {
      const count = new Int32Array(1);
      own.read([[to, count]]);
      return count[0];
    };
    return { own, trace, counted };
  }

  it('queues a recorded step as one launch, kernel by kernel where they are timed', () => {
    const { own, trace, counted } = counting();
    const before = own.counts.launches;
    trace.replay();
    trace.replay();
    expect(own.counts.launches - before).toBe(2);
    own.timeline.begin();
    trace.replay();
    own.finish();
    const launches = [...own.timeline.end()].map(([name, time]) => [name, time.launches]);
    expect(Object.fromEntries(launches)).toEqual({ square: 1, count_different: 1 });
    // The step that was recorded, and its three replays.
    expect(counted()).toBe(4 * 3);
    trace.dispose();
  });

  it('queues it kernel by kernel where the driver refuses graphs, and says so once', () => {
    standIn().refuseGraphs(1);
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { own, trace, counted } = counting();
    const before = own.counts.launches;
    trace.replay();
    trace.replay();
    const said = write.mock.calls.map(([line]) => String(line));
    write.mockRestore();
    expect(said).toEqual([
      'device: its kernels are launched one by one: stand-in for a card: the graph of a step: an argument is wrong (CUDA error 1)\n',
    ]);
    expect(own.counts.launches - before).toBe(4);
    expect(counted()).toBe(3 * 3);
    trace.dispose();
  });

  it('ends with one line where memory is full, a variant is missing, or the device is lost', () => {
    const own = device();
    const a = own.allocate(10);
    expect(() => own.allocate(2 ** 45)).toThrow(
      /^stand-in for a card has no memory left for 134217728 MB \(0 MB in use, \d+ MB free\): take a smaller/,
    );
    own.group = 128;
    expect(() => own.each('elementwise', 'fill', 1, [a, 1, 1])).toThrow(
      /^no PTX of elementwise for GROUP=128: .*$/,
    );
    own.group = ITEMS;
    const range = { global: [ITEMS, 65536], local: [ITEMS, 1] };
    expect(() => own.launch('elementwise', 'fill', range, [a, 1, 1])).toThrow(
      new DeviceError('stand-in for a card: fill: 65536 rows of groups, and a card takes 65535', 0),
    );
    for (const [code, line] of [
      [700, /: the device read or wrote memory that is not its own, and is lost: start the run again/],
      [719, /: the device failed in an earlier operation, and is lost: start the run again/],
    ] as const) {
      standIn().fail(code);
      own.each('elementwise', 'fill', 1, [a, 1, 1]);
      const error = thrown(() => own.finish());
      expect(error).toBeInstanceOf(DeviceError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(line) });
      expect(thrown(() => own.finish())).toMatchObject({ code });
      standIn().fail(0);
    }
  });

  it('gives memory that nobody uses back before it says that there is none left', () => {
    const own = device();
    own.release(own.allocate(2 ** 20));
    standIn().limit(2 ** 20);
    expect(own.allocate(2 ** 20 + 2 ** 18).bytes).toBe(5 * 2 ** 20);
    expect(() => own.allocate(2 ** 20)).toThrow(DeviceError);
  });

  it('is a card by its compute capability, which must be new enough', () => {
    const kinds = [
      [75, 0],
      [87, 1],
      [0, 0],
    ].map(([capability, integrated]) => {
      standIn().pose(capability, integrated);
      return chooseCudaDevice().kind;
    });
    expect(kinds).toEqual(['card', 'integrated', 'software']);
    standIn().pose(61, 0);
    expect(chooseCudaDevice).toThrow(
      new DeviceError('stand-in for a card has compute capability 6.1; the kernels need 7.0', 0),
    );
  });

  it.each([
    ['0', 0],
    ['1', 1],
    ['1,0', 1],
    ['2, 0', 2],
  ])('is the first of those that CUDA_VISIBLE_DEVICES=%s names', (named, card) => {
    standIn().devices(3);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', named);
    const own = device();
    expect(own.found.name).toBe(`stand-in for card ${card}`);
    expect(standIn().current()).toBe(card);
  });

  it.each(['3', '-1', '', '3,0', 'x'])('is none, in one line, where CUDA_VISIBLE_DEVICES=%s', (named) => {
    standIn().devices(3);
    vi.stubEnv('CUDA_VISIBLE_DEVICES', named);
    const line = `the CUDA driver offers no device (CUDA_VISIBLE_DEVICES=${named}: no device is the first of these)`;
    expect(chooseCudaDevice).toThrow(new DeviceError(line, 100));
  });

  it('may be taken by auto where it is a card, and never where it computes on the processor', async () => {
    await openOpenCl();
    expect(await backend.open()).toMatchObject({ gpu: false, notByItself: 'its only device is a CPU' });
    await openOpenCl();
    standIn().pose(90, 0);
    expect(await backend.open()).toEqual({
      ...{ detail: 'stand-in for a card, CUDA 12.9', gpu: true, form: 'device' },
    });
    await openOpenCl();
  });

  it('says that a driver is too old for the PTX, and what to do', () => {
    standIn().newest(5);
    const own = device();
    const a = own.allocate(10);
    const error = thrown(() => own.each('elementwise', 'fill', 1, [a, 1, 1]));
    standIn().newest(0);
    expect(error).toEqual(
      new DeviceError(
        'stand-in for a card cannot load elementwise-GROUP256.ptx: the driver is too old for this PTX: install a newer one (CUDA error 222)',
        222,
      ),
    );
  });

  it('has groups of 256 work items, whatever is asked of OpenCL', async () => {
    vi.stubEnv('ENGINE_OPENCL_GROUP', '64');
    await openOpenCl();
    await openCuda();
    vi.unstubAllEnvs();
    expect(registeredDevice()).toMatchObject({ group: ITEMS, found: { platform: 'CUDA' } });
    expect(ITEMS).toBe(256);
    await openOpenCl();
  });

  it('multiplies in TF32 from Ampere on', () => {
    const able = [75, 80, 120].map((capability) => {
      standIn().pose(capability, 0);
      return chooseCudaDevice().hasTf32;
    });
    expect(able).toEqual([false, true, true]);
  });
});
