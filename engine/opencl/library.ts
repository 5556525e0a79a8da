import { createRequire } from 'node:module';
import { UserError } from '#contract/errors';
import { isInstalled } from '../packages.ts';

/**
 * An error of the device that ends a run: no memory left, a device that is lost, a program that does not
 * build. The message is one line that says what to do where something can be done.
 */
export class DeviceError extends UserError {
  constructor(
    message: string,
    /** The driver's number of the error; 0 where there is none. */
    readonly code: number,
  ) {
    // Not 2, which is for a command that was refused before it did anything.
    super(message, 1);
  }
}

/** The names that the dynamic loader is asked for: Linux, macOS and Windows. */
const NAMES = ['libOpenCL.so.1', '/System/Library/Frameworks/OpenCL.framework/OpenCL', 'OpenCL.dll'];

/** Arrays that OpenCL reads or writes during a call. */
type Memory = ArrayBufferView | null;
/** An object of OpenCL, by its address. */
type Handle = number;

/** The functions of OpenCL 1.2 that the engine calls. Those that return a handle write an error to `code`. */
export interface OpenCl {
  getPlatformIDs(most: number, ids: Memory, count: Memory): number;
  getPlatformInfo(platform: Handle, what: number, size: number, into: Memory, needed: Memory): number;
  getDeviceIDs(platform: Handle, type: number, most: number, ids: Memory, count: Memory): number;
  getDeviceInfo(device: Handle, what: number, size: number, into: Memory, needed: Memory): number;
  createContext(
    properties: Memory,
    count: number,
    devices: Memory,
    notify: null,
    data: null,
    code: Memory,
  ): Handle;
  createCommandQueue(context: Handle, device: Handle, properties: number, code: Memory): Handle;
  createProgramWithSource(
    context: Handle,
    count: number,
    sources: string[],
    lengths: null,
    code: Memory,
  ): Handle;
  buildProgram(
    program: Handle,
    count: number,
    devices: Memory,
    options: string,
    notify: null,
    data: null,
  ): number;
  getProgramBuildInfo(
    program: Handle,
    device: Handle,
    what: number,
    size: number,
    into: Memory,
    needed: Memory,
  ): number;
  createKernel(program: Handle, name: string, code: Memory): Handle;
  releaseKernel(kernel: Handle): number;
  setKernelArg(kernel: Handle, index: number, size: number, value: Memory): number;
  createBuffer(context: Handle, flags: number, size: number, from: Memory, code: Memory): Handle;
  releaseMemObject(buffer: Handle): number;
  enqueueNDRangeKernel(
    queue: Handle,
    kernel: Handle,
    dimensions: number,
    offset: Memory,
    global: Memory,
    local: Memory,
    waits: number,
    waitFor: Memory,
    event: Memory,
  ): number;
  enqueueCopyBuffer(
    queue: Handle,
    from: Handle,
    to: Handle,
    fromOffset: number,
    toOffset: number,
    size: number,
    waits: number,
    waitFor: Memory,
    event: Memory,
  ): number;
  enqueueReadBuffer(
    queue: Handle,
    buffer: Handle,
    blocking: number,
    offset: number,
    size: number,
    into: Memory,
    waits: number,
    waitFor: Memory,
    event: Memory,
  ): number;
  enqueueWriteBuffer(
    queue: Handle,
    buffer: Handle,
    blocking: number,
    offset: number,
    size: number,
    from: Memory,
    waits: number,
    waitFor: Memory,
    event: Memory,
  ): number;
  /** Waits, and returns where the buffer lies in this process. */
  enqueueMapBuffer(
    queue: Handle,
    buffer: Handle,
    blocking: number,
    flags: number,
    offset: number,
    size: number,
    waits: number,
    waitFor: Memory,
    event: Memory,
    code: Memory,
  ): Handle;
  finish(queue: Handle): number;
  flush(queue: Handle): number;
  getEventProfilingInfo(event: Handle, what: number, size: number, into: Memory, needed: Memory): number;
  releaseEvent(event: Handle): number;
}

const PROTOTYPES: Record<keyof OpenCl, string> = {
  getPlatformIDs: 'int clGetPlatformIDs(uint32_t, void *, void *)',
  getPlatformInfo: 'int clGetPlatformInfo(uintptr_t, uint32_t, size_t, void *, void *)',
  getDeviceIDs: 'int clGetDeviceIDs(uintptr_t, uint64_t, uint32_t, void *, void *)',
  getDeviceInfo: 'int clGetDeviceInfo(uintptr_t, uint32_t, size_t, void *, void *)',
  createContext: 'uintptr_t clCreateContext(void *, uint32_t, void *, void *, void *, void *)',
  createCommandQueue: 'uintptr_t clCreateCommandQueue(uintptr_t, uintptr_t, uint64_t, void *)',
  createProgramWithSource:
    'uintptr_t clCreateProgramWithSource(uintptr_t, uint32_t, const char **, void *, void *)',
  buildProgram: 'int clBuildProgram(uintptr_t, uint32_t, void *, const char *, void *, void *)',
  getProgramBuildInfo: 'int clGetProgramBuildInfo(uintptr_t, uintptr_t, uint32_t, size_t, void *, void *)',
  createKernel: 'uintptr_t clCreateKernel(uintptr_t, const char *, void *)',
  releaseKernel: 'int clReleaseKernel(uintptr_t)',
  enqueueCopyBuffer:
    'int clEnqueueCopyBuffer(uintptr_t, uintptr_t, uintptr_t, size_t, size_t, size_t, uint32_t, void *, void *)',
  setKernelArg: 'int clSetKernelArg(uintptr_t, uint32_t, size_t, void *)',
  createBuffer: 'uintptr_t clCreateBuffer(uintptr_t, uint64_t, size_t, void *, void *)',
  releaseMemObject: 'int clReleaseMemObject(uintptr_t)',
  enqueueNDRangeKernel:
    'int clEnqueueNDRangeKernel(uintptr_t, uintptr_t, uint32_t, void *, void *, void *, uint32_t, void *, void *)',
  enqueueReadBuffer:
    'int clEnqueueReadBuffer(uintptr_t, uintptr_t, uint32_t, size_t, size_t, void *, uint32_t, void *, void *)',
  enqueueWriteBuffer:
    'int clEnqueueWriteBuffer(uintptr_t, uintptr_t, uint32_t, size_t, size_t, void *, uint32_t, void *, void *)',
  enqueueMapBuffer:
    'uintptr_t clEnqueueMapBuffer(uintptr_t, uintptr_t, uint32_t, uint64_t, size_t, size_t, uint32_t, void *, void *, void *)',
  finish: 'int clFinish(uintptr_t)',
  flush: 'int clFlush(uintptr_t)',
  getEventProfilingInfo: 'int clGetEventProfilingInfo(uintptr_t, uint32_t, size_t, void *, void *)',
  releaseEvent: 'int clReleaseEvent(uintptr_t)',
};

let loaded: OpenCl | null = null;

/** OpenCL's library on this system. @throws DeviceError where there is none. */
export function openCl(): OpenCl {
  loaded ??= load();
  return loaded;
}

/** What must be installed for the library to load, in one line; null if it may be tried. Loads nothing. */
export function missingOpenCl(): string | null {
  return isInstalled('koffi') ? null : 'koffi not installed (npm ci installs it where it can)';
}

const foreign = () => createRequire(import.meta.url)('koffi') as typeof import('koffi');

/** Memory of this process at an address, as an array of this process. */
export const viewOf = (address: Handle, bytes: number): ArrayBuffer => foreign().view(BigInt(address), bytes);

function load(): OpenCl {
  const koffi = foreign();
  for (const name of NAMES) {
    try {
      const library = koffi.load(name);
      const functions = Object.entries(PROTOTYPES).map(([key, prototype]) => [key, library.func(prototype)]);
      return Object.fromEntries(functions) as OpenCl;
    } catch {}
  }
  throw new DeviceError(
    'no OpenCL library (libOpenCL.so.1): a GPU driver brings its own; apt-get install ocl-icd-libopencl1',
    0,
  );
}

/** Where the device has no memory left: CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_INVALID_BUFFER_SIZE. */
export const NO_MEMORY: readonly number[] = [-4, -61];

/** What the numbers of errors mean that can happen here. */
const MEANINGS: Readonly<Record<number, string>> = {
  [-1]: 'the driver found no device',
  [-4]: 'the device has no memory left: take a smaller batch or width',
  [-5]: 'the device ran out of resources: it was reset, or another program uses it; start the run again',
  [-6]: 'the driver ran out of memory of this machine',
  [-14]: 'the device failed in an earlier operation: it was reset, or is lost; start the run again',
  [-36]: 'the device is lost: start the run again',
  [-54]: 'the work group is larger than the device allows',
  [-61]: 'the device has no memory left for a buffer of that size: take a smaller batch or width',
  [-1001]: 'no driver is installed (no file in /etc/OpenCL/vendors)',
  // NVIDIA's own number.
  [-9999]: 'the device read or wrote memory that is not its own, and is lost: start the run again',
};

/** @throws DeviceError that names what was done, unless the call succeeded. */
export function check(code: number, what: string): void {
  if (code === 0) return;
  throw new DeviceError(`${what}: ${MEANINGS[code] ?? 'the driver refused it'} (OpenCL error ${code})`, code);
}
