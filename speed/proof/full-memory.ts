import { deviceFailure } from '#engine/device-failure';
import type { DeviceBuffer } from '#engine/opencl/buffers';
import type { Device } from '#engine/opencl/device';

/** What became of a device whose memory was filled. */
export interface FullMemory {
  /** Bytes that it gave. */
  bytes: number;
  /** The line with which a run would end, and whether it is told as memory that is full. */
  line: string;
  isToldAsMemory: boolean;
  /** Whether it computes after the memory was given back. */
  goesOn: boolean;
}

/** A device is filled in as many parts at least, so that its last free bytes are few. */
const PARTS = 64;
const MOST_NUMBERS = 2 ** 28;
const ITEMS = 4096;

/**
 * Fills the memory of a device until its driver refuses, and gives it back.
 * @throws Error where it never refuses
 */
export function fillMemory(device: Device): FullMemory {
  const numbers = Math.min(MOST_NUMBERS, Math.floor(device.found.bytes / PARTS / 4));
  const held: DeviceBuffer[] = [];
  let refusal: unknown = null;
  try {
    // A driver may give memory that it has not got, until that is used.
    while (held.length <= 2 * Math.ceil(device.found.bytes / (4 * numbers))) {
      const buffer = device.allocate(numbers);
      held.push(buffer);
      device.each('elementwise', 'fill', ITEMS, [buffer, numbers, 1]);
      device.finish();
    }
  } catch (error) {
    refusal = error;
  }
  if (refusal === null) throw new Error(`${device.found.name} gave more than twice the memory that it has`);
  const bytes = 4 * numbers * held.length;
  for (const buffer of held) device.release(buffer);
  return {
    bytes,
    line: (refusal as Error).message.split('\n')[0] ?? '',
    isToldAsMemory: deviceFailure(refusal) === 'memory',
    goesOn: computes(device),
  };
}

function computes(device: Device): boolean {
  try {
    const buffer = device.allocate(4);
    device.each('elementwise', 'fill', 4, [buffer, 4, 2]);
    const into = new Float32Array(4);
    device.read([[buffer, into]]);
    return into.every((value) => value === 2);
  } catch {
    return false;
  }
}
