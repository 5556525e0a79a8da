import { createRequire } from 'node:module';
import { DeviceError } from '../opencl/library.ts';
import { isInstalled } from '../packages.ts';

/** The names that the dynamic loader is asked for: Linux and Windows. */
const NAMES = ['libcuda.so.1', 'nvcuda.dll'];

/** Arrays that the driver reads or writes during a call. */
type Memory = ArrayBufferView | null;
/** An object of the driver or an address, as a number. */
type Handle = number;

/**
 * The functions of the CUDA driver API that the engine calls, by their versions of CUDA 11.4. All return an
 * error; what they make is written to their first argument.
 */
export interface Cuda {
  init(flags: number): number;
  driverGetVersion(version: Memory): number;
  deviceGetCount(count: Memory): number;
  deviceGet(device: Memory, ordinal: number): number;
  deviceGetName(name: Memory, size: number, device: number): number;
  deviceGetAttribute(value: Memory, attribute: number, device: number): number;
  deviceTotalMem(bytes: Memory, device: number): number;
  devicePrimaryCtxRetain(context: Memory, device: number): number;
  ctxSetCurrent(context: Handle): number;
  ctxSynchronize(): number;
  moduleLoadDataEx(module: Memory, image: string, count: number, options: Memory, values: Memory): number;
  moduleGetFunction(kernel: Memory, module: Handle, name: string): number;
  memAlloc(address: Memory, bytes: number): number;
  memFree(address: Handle): number;
  memGetInfo(free: Memory, total: Memory): number;
  memHostAlloc(address: Memory, bytes: number, flags: number): number;
  memFreeHost(address: Handle): number;
  memcpyHtoDAsync(to: Handle, from: Memory, bytes: number, stream: Handle): number;
  /** From memory of this process by its address, which the driver has pinned. */
  memcpyPinnedToDAsync(to: Handle, from: Handle, bytes: number, stream: Handle): number;
  memcpyDtoHAsync(to: Memory, from: Handle, bytes: number, stream: Handle): number;
  memcpyDtoDAsync(to: Handle, from: Handle, bytes: number, stream: Handle): number;
  /** Groups and work items in three dimensions, dynamic shared memory, stream, parameters, and extra ones. */
  launchKernel(
    ...values: [
      kernel: Handle,
      ...groups: [number, number, number],
      ...items: [number, number, number],
      shared: number,
      stream: Handle,
      parameters: null,
      extra: Memory,
    ]
  ): number;
  streamCreate(stream: Memory, flags: number): number;
  streamSynchronize(stream: Handle): number;
  streamWaitEvent(stream: Handle, event: Handle, flags: number): number;
  eventCreate(event: Memory, flags: number): number;
  eventRecord(event: Handle, stream: Handle): number;
  eventSynchronize(event: Handle): number;
  eventElapsedTime(milliseconds: Memory, start: Handle, end: Handle): number;
}

/** Those of graphs, which drivers have since CUDA 11.4. */
export interface Graphs {
  streamBeginCapture(stream: Handle, mode: number): number;
  streamEndCapture(stream: Handle, graph: Memory): number;
  graphInstantiate(exec: Memory, graph: Handle, flags: number): number;
  graphDestroy(graph: Handle): number;
  graphExecDestroy(exec: Handle): number;
  graphLaunch(exec: Handle, stream: Handle): number;
}

const PROTOTYPES: Record<keyof Cuda, string> = {
  init: 'int cuInit(uint32_t)',
  driverGetVersion: 'int cuDriverGetVersion(void *)',
  deviceGetCount: 'int cuDeviceGetCount(void *)',
  deviceGet: 'int cuDeviceGet(void *, int)',
  deviceGetName: 'int cuDeviceGetName(void *, int, int)',
  deviceGetAttribute: 'int cuDeviceGetAttribute(void *, int, int)',
  deviceTotalMem: 'int cuDeviceTotalMem_v2(void *, int)',
  devicePrimaryCtxRetain: 'int cuDevicePrimaryCtxRetain(void *, int)',
  ctxSetCurrent: 'int cuCtxSetCurrent(uintptr_t)',
  ctxSynchronize: 'int cuCtxSynchronize()',
  moduleLoadDataEx: 'int cuModuleLoadDataEx(void *, const char *, uint32_t, void *, void *)',
  moduleGetFunction: 'int cuModuleGetFunction(void *, uintptr_t, const char *)',
  memAlloc: 'int cuMemAlloc_v2(void *, size_t)',
  memFree: 'int cuMemFree_v2(uint64_t)',
  memGetInfo: 'int cuMemGetInfo_v2(void *, void *)',
  memHostAlloc: 'int cuMemHostAlloc(void *, size_t, uint32_t)',
  memFreeHost: 'int cuMemFreeHost(uintptr_t)',
  memcpyHtoDAsync: 'int cuMemcpyHtoDAsync_v2(uint64_t, void *, size_t, uintptr_t)',
  memcpyPinnedToDAsync: 'int cuMemcpyHtoDAsync_v2(uint64_t, uintptr_t, size_t, uintptr_t)',
  memcpyDtoHAsync: 'int cuMemcpyDtoHAsync_v2(void *, uint64_t, size_t, uintptr_t)',
  memcpyDtoDAsync: 'int cuMemcpyDtoDAsync_v2(uint64_t, uint64_t, size_t, uintptr_t)',
  launchKernel: `int cuLaunchKernel(uintptr_t, ${'uint32_t, '.repeat(7)}uintptr_t, void *, void *)`,
  streamCreate: 'int cuStreamCreate(void *, uint32_t)',
  streamSynchronize: 'int cuStreamSynchronize(uintptr_t)',
  streamWaitEvent: 'int cuStreamWaitEvent(uintptr_t, uintptr_t, uint32_t)',
  eventCreate: 'int cuEventCreate(void *, uint32_t)',
  eventRecord: 'int cuEventRecord(uintptr_t, uintptr_t)',
  eventSynchronize: 'int cuEventSynchronize(uintptr_t)',
  eventElapsedTime: 'int cuEventElapsedTime(void *, uintptr_t, uintptr_t)',
};

const OF_GRAPHS: Record<keyof Graphs, string> = {
  streamBeginCapture: 'int cuStreamBeginCapture_v2(uintptr_t, int)',
  streamEndCapture: 'int cuStreamEndCapture(uintptr_t, void *)',
  graphInstantiate: 'int cuGraphInstantiateWithFlags(void *, uintptr_t, uint64_t)',
  graphDestroy: 'int cuGraphDestroy(uintptr_t)',
  graphExecDestroy: 'int cuGraphExecDestroy(uintptr_t)',
  graphLaunch: 'int cuGraphLaunch(uintptr_t, uintptr_t)',
};

interface Loaded {
  cuda: Cuda;
  /** Null where the driver is older than its graphs. */
  graphs: Graphs | null;
  /** Memory of this process at an address, as an array of this process. */
  view(address: number, bytes: number): ArrayBuffer;
  /** Where an array lies. */
  addressOf(array: ArrayBuffer): bigint;
}

let loaded: Loaded | null = null;

/**
 * The driver's library on this system, which is loaded once; by other names in tests.
 * @throws DeviceError where there is none.
 */
export function cudaLibrary(names: readonly string[] = NAMES): Loaded {
  loaded ??= load(names);
  return loaded;
}

/** What must be installed for the library to load, in one line; null if it may be tried. Loads nothing. */
export function missingCuda(): string | null {
  return isInstalled('koffi') ? null : 'koffi not installed (npm ci installs it where it can)';
}

function load(names: readonly string[]): Loaded {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const open = (name: string) => {
    try {
      return koffi.load(name);
    } catch {
      return null;
    }
  };
  const library = names.map(open).find((found) => found !== null);
  if (!library) throw new DeviceError("no CUDA driver (libcuda.so.1): NVIDIA's driver brings its own", 0);
  const functions = <T>(prototypes: Record<keyof T & string, string>): T => {
    const all = Object.entries<string>(prototypes).map(([key, text]) => [key, library.func(text)] as const);
    return Object.fromEntries(all) as T;
  };
  const orNone = () => {
    try {
      return functions<Graphs>(OF_GRAPHS);
    } catch {
      return null;
    }
  };
  return {
    cuda: functions<Cuda>(PROTOTYPES),
    graphs: orNone(),
    view: (address, bytes) => koffi.view(BigInt(address), bytes),
    addressOf: (array) => koffi.address(new Uint8Array(array)),
  };
}
