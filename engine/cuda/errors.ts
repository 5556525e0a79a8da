import { DeviceError } from '../opencl/library.ts';

/** The number of the error where the device has no memory left. */
export const OUT_OF_MEMORY = 2;

/** That where the driver is older than the version of the PTX. */
export const TOO_OLD = 222;

const FAILED = 'the device failed in an earlier operation, and is lost: start the run again';
const NOT_ITS_OWN = 'the device read or wrote memory that is not its own, and is lost: start the run again';

/** What the numbers of errors mean that can happen here. */
const MEANINGS: Readonly<Record<number, string>> = {
  1: 'an argument is wrong',
  [OUT_OF_MEMORY]: 'the device has no memory left: take a smaller batch or width',
  4: 'the driver is shutting down',
  34: 'the library is a stub of the CUDA toolkit, and no driver',
  46: 'another program has the device for itself',
  100: 'the driver found no device',
  201: 'there is no context',
  209: 'the driver has no code for this device',
  214: 'the memory of the device has an error that could not be corrected: reset the device',
  220: 'the link between devices has an error that could not be corrected: reset the device',
  218: 'the PTX is wrong',
  221: 'the driver came without its compiler of PTX (libnvidia-ptxjitcompiler.so.1)',
  [TOO_OLD]: 'the driver is too old for this PTX: install a newer one',
  223: 'the compiler of PTX is switched off: unset CUDA_DISABLE_PTX_JIT',
  226: FAILED,
  400: 'a handle is not one of the driver',
  500: 'there is nothing of that name',
  700: NOT_ITS_OWN,
  701: 'the work group is larger than the device allows',
  702: 'a kernel took longer than this device allows: it also draws the screen',
  709: 'the context of the device is gone: it was reset; start the run again',
  710: FAILED,
  714: FAILED,
  715: FAILED,
  716: NOT_ITS_OWN,
  717: NOT_ITS_OWN,
  718: FAILED,
  719: FAILED,
  802: 'the system is not ready: its fabric manager does not run',
  803: 'the library and the kernel module of the driver are of different versions: restart the machine',
  804: 'the library is newer than the driver of this device allows',
  806: 'the MPS server cannot be reached, which shares the device: start the run again',
  810: 'the MPS server ended this program, or the device is lost: start the run again',
  999: 'the driver does not say why: the device may be lost; start the run again',
};

/** Those after which nothing can be computed any more: the device is lost, was reset, or is of others. */
export const LOST: readonly number[] = [
  ...[4, 46, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 806, 810, 999],
];

/** @throws DeviceError that names what was done, unless the call succeeded. */
export function check(code: number, what: string): void {
  if (code === 0) return;
  throw new DeviceError(`${what}: ${MEANINGS[code] ?? 'the driver refused it'} (CUDA error ${code})`, code);
}
