import { existsSync, readdirSync } from 'node:fs';
import { check, DeviceError, openCl } from './library.ts';

/** A device that a driver of this system offers. */
export interface Found {
  id: number;
  /** "NVIDIA H100 80GB HBM3", by "NVIDIA CUDA". */
  name: string;
  platform: string;
  version: string;
  kind: 'card' | 'integrated' | 'software';
  bytes: number;
  /** The most work items of a group. */
  largestGroup: number;
  /** Whether it divides and takes roots to the last bit where it is told to. */
  dividesExactly: boolean;
  /** Whether it computes in float64. */
  hasDoubles: boolean;
  /** Whether it multiplies in TF32: by tensor cores, or in software, which emulates them. */
  hasTf32: boolean;
}

/** Constants of cl.h. */
const ALL = 0xffffffff;
const TYPE_GPU = 1 << 2;
const INFO = {
  platformName: 0x0902,
  type: 0x1000,
  largestGroup: 0x1004,
  fp32: 0x101b,
  bytes: 0x101f,
  name: 0x102b,
  driver: 0x102d,
  fp64: 0x1032,
  unified: 0x1035,
};
const EXACT_DIVISION = 1 << 7;

const NO_DEVICE = -1;
const NO_PLATFORM = -1001;

/** Every device of every driver, the one to use first: cards, then GPUs in the processor, then software. */
function findDevices(): Found[] {
  const cl = openCl();
  const found = platforms().flatMap((platform) => devicesOf(platform));
  const order = ['card', 'integrated', 'software'];
  return found.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || b.bytes - a.bytes);

  function platforms(): number[] {
    const count = new Uint32Array(1);
    const code = cl.getPlatformIDs(0, null, count);
    if (code === NO_PLATFORM || count[0] === 0) return [];
    check(code, 'the list of drivers');
    const ids = new BigUint64Array(count[0]);
    check(cl.getPlatformIDs(count[0], ids, null), 'the list of drivers');
    return Array.from(ids, Number);
  }

  function devicesOf(platform: number): Found[] {
    const count = new Uint32Array(1);
    const code = cl.getDeviceIDs(platform, ALL, 0, null, count);
    if (code === NO_DEVICE || count[0] === 0) return [];
    check(code, 'the list of devices');
    const ids = new BigUint64Array(count[0]);
    check(cl.getDeviceIDs(platform, ALL, count[0], ids, null), 'the list of devices');
    const name = text((into) => cl.getPlatformInfo(platform, INFO.platformName, into.length, into, null));
    return Array.from(ids, (id) => described(Number(id), name));
  }

  function described(id: number, platform: string): Found {
    const ask = (what: number) => text((into) => cl.getDeviceInfo(id, what, into.length, into, null));
    const number = (what: number) => {
      const value = new BigUint64Array(1);
      check(cl.getDeviceInfo(id, what, 8, value, null), 'a question to a device');
      return Number(value[0]);
    };
    const isGpu = (number(INFO.type) & TYPE_GPU) !== 0;
    return {
      id,
      name: ask(INFO.name),
      platform,
      version: ask(INFO.driver),
      kind: !isGpu ? 'software' : number(INFO.unified) === 1 ? 'integrated' : 'card',
      bytes: number(INFO.bytes),
      largestGroup: number(INFO.largestGroup),
      dividesExactly: (number(INFO.fp32) & EXACT_DIVISION) !== 0,
      hasDoubles: number(INFO.fp64) !== 0,
      // How a card's compiler of OpenCL takes the instruction is not known.
      hasTf32: !isGpu,
    };
  }
}

function text(ask: (into: Buffer) => number): string {
  const into = Buffer.alloc(1024);
  check(ask(into), 'a question to a driver');
  return into.toString('utf8').split('\0')[0].trim().replace(/\s+/g, ' ');
}

/** Files of Linux by which a driver reaches a GPU: NVIDIA's, those of Mesa and AMD, and that of WSL. */
const OF_GPUS = /^(nvidia\d+|nvidiactl|dri|kfd|dxg)$/;

/**
 * Whether there can be no GPU on this system, so that a driver would offer none: loading one takes a third of
 * a second. Whether a device is a GPU is said by the driver alone.
 */
export function hasNoGpu(dev = '/dev', platform = process.platform): boolean {
  if (platform !== 'linux' || !existsSync(dev)) return false;
  return !readdirSync(dev).some((name) => OF_GPUS.test(name));
}

/**
 * The device to use: the best one, or the one whose name contains `wanted` (ENGINE_OPENCL_DEVICE).
 * @throws DeviceError where there is none, and for a name that none has.
 */
export function chooseDevice(wanted = process.env.ENGINE_OPENCL_DEVICE ?? ''): Found {
  const all = findDevices();
  if (all.length === 0) {
    throw new DeviceError(
      'no driver of OpenCL offers a device (a GPU driver brings its own; software: apt-get install pocl-opencl-icd)',
      0,
    );
  }
  const chosen = all.find(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()));
  if (chosen) return chosen;
  const names = all.map(({ name }) => name).join(', ');
  throw new DeviceError(`ENGINE_OPENCL_DEVICE=${wanted}: no device of that name; there are: ${names}`, 0);
}
