import type { Found } from '../opencl/devices.ts';
import { DeviceError } from '../opencl/library.ts';
import { check } from './errors.ts';
import { cudaLibrary } from './library.ts';
import { ITEMS, OLDEST, TENSOR_CORES } from './variants.ts';

/** Of cuda.h. */
const ATTRIBUTE = { mostThreads: 1, integrated: 18, major: 75, minor: 76 };

const NO_DEVICE = 100;

/** The driver ends its list at the first number that no device has, and says nothing. */
function noDevice(): string {
  const { CUDA_VISIBLE_DEVICES: named } = process.env;
  const why = named === undefined ? '' : ` (CUDA_VISIBLE_DEVICES=${named}: no device is the first of these)`;
  return `the CUDA driver offers no device${why}`;
}

/**
 * The first device of the driver, which CUDA_VISIBLE_DEVICES orders.
 * @throws DeviceError where there is none, or one that is too old
 */
export function chooseCudaDevice(): Found {
  const { cuda } = cudaLibrary();
  const started = cuda.init(0);
  if (started === NO_DEVICE) throw new DeviceError(noDevice(), NO_DEVICE);
  check(started, 'the CUDA driver');
  const int = new Int32Array(1);
  const number = (what: string, ask: (into: Int32Array) => number): number => {
    check(ask(int), what);
    return int[0];
  };
  if (number('the list of devices', (into) => cuda.deviceGetCount(into)) === 0) {
    throw new DeviceError(noDevice(), NO_DEVICE);
  }
  const id = number('the first device', (into) => cuda.deviceGet(into, 0));
  const attribute = (which: number) =>
    number('a question to a device', (into) => cuda.deviceGetAttribute(into, which, id));
  const name = Buffer.alloc(256);
  check(cuda.deviceGetName(name, name.length, id), 'the name of a device');
  const bytes = new BigUint64Array(1);
  check(cuda.deviceTotalMem(bytes, id), 'the memory of a device');
  const version = number('the version of the driver', (into) => cuda.driverGetVersion(into));
  const [major, minor] = [attribute(ATTRIBUTE.major), attribute(ATTRIBUTE.minor)];
  const found: Found = {
    id,
    name: name.toString('utf8').split('\0')[0].trim(),
    platform: 'CUDA',
    version: `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`,
    // No card has compute capability 0: what computes there stands in for one.
    kind: major === 0 ? 'software' : attribute(ATTRIBUTE.integrated) === 1 ? 'integrated' : 'card',
    bytes: Number(bytes[0]),
    largestGroup: attribute(ATTRIBUTE.mostThreads),
    // The PTX is built so.
    ...{ dividesExactly: true, hasDoubles: true },
    hasTf32: major >= TENSOR_CORES.major || major === 0,
  };
  const isOlder = major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor);
  if (found.kind !== 'software' && isOlder) {
    throw new DeviceError(
      `${found.name} has compute capability ${major}.${minor}; the kernels need ${OLDEST.major}.${OLDEST.minor}`,
      0,
    );
  }
  if (found.largestGroup < ITEMS) {
    throw new DeviceError(`${found.name} allows groups of ${found.largestGroup}; ${ITEMS} are needed`, 0);
  }
  return found;
}
