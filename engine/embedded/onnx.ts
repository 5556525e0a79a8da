import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Blas } from './dense-product.ts';
import { productModel } from './onnx-model.ts';

/*
 * The dense product of ONNX Runtime, from the npm package onnxruntime-node, for machines without OpenBLAS.
 * It is called through its C interface, since the package's own is asynchronous and copies. Source:
 * onnxruntime_c_api.h, a table of functions that only grows at its end.
 */

/** Places of functions in that table, and their parameters; a function without a result is a release. */
const FUNCTIONS = {
  errorMessage: [2, 'const char *', 'void *'],
  createSessionFromArray: [8, 'void *', 'void *, void *, size_t, void *, _Out_ void **'],
  run: [
    9,
    'void *',
    'void *, void *, const char **, void **, size_t, const char **, size_t, _Inout_ void **',
  ],
  createSessionOptions: [10, 'void *', '_Out_ void **'],
  createTensorWithData: [49, 'void *', 'void *, void *, size_t, int64_t *, size_t, int, _Out_ void **'],
  createCpuMemoryInfo: [69, 'void *', 'int, int, _Out_ void **'],
  releaseValue: [96, 'void', 'void *'],
  createEnvWithGlobalThreadPools: [119, 'void *', 'int, const char *, void *, _Out_ void **'],
  disablePerSessionThreads: [120, 'void *', 'void *'],
  createThreadingOptions: [121, 'void *', '_Out_ void **'],
  setGlobalIntraOpNumThreads: [147, 'void *', 'void *, int'],
  setGlobalSpinControl: [149, 'void *', 'void *, int'],
} as const;
const TABLE_SIZE = 150;
/** The first version of the interface that has all of them. */
const INTERFACE = 4;
const WARNING = 2;
const FLOAT = 1;
/** Kinds of allocator and of memory; neither allocates here. */
const [DEVICE_ALLOCATOR, CPU_MEMORY] = [0, 0];

type Name = keyof typeof FUNCTIONS;
type Call = (...parameters: unknown[]) => unknown;
type Runtime = Record<Name, Call>;

/**
 * Finds the library of onnxruntime-node; null if the package is not installed or has none for this system.
 */
export function findOnnx(threads: number): Blas | null {
  const require = createRequire(import.meta.url);
  try {
    const path = require.resolve('onnxruntime-node/package.json');
    const { version } = require(path) as { version: string };
    const folder = join(dirname(path), 'bin', 'napi-v6', process.platform, process.arch);
    const file = ['libonnxruntime.so.1', 'libonnxruntime.1.dylib']
      .map((name) => join(folder, name))
      .find(existsSync);
    return file === undefined ? null : blasOf(open(file), threads, version);
  } catch {
    return null;
  }
}

function open(file: string): Runtime {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const base = koffi.load(file).func('void *OrtGetApiBase()')();
  const pointers = (at: unknown, count: number): unknown[] => koffi.decode(at, koffi.array('void *', count));
  const [getApi] = pointers(base, 1);
  const table = pointers(koffi.call(getApi, koffi.proto('void *OrtGetApi(uint32_t)'), INTERFACE), TABLE_SIZE);
  const entries = Object.entries(FUNCTIONS).map(([name, [place, result, parameters]]) => {
    const type = koffi.proto(`${result} Ort_${name}(${parameters})`);
    return [name, (...given: unknown[]) => koffi.call(table[place], type, ...given)] as const;
  });
  return Object.fromEntries(entries) as Runtime;
}

function blasOf(runtime: Runtime, threads: number, version: string): Blas {
  /** Calls a function that returns null or what went wrong. */
  const call = (name: Name, ...parameters: unknown[]): void => {
    const status = runtime[name](...parameters);
    if (status) throw new Error(`ONNX Runtime: ${runtime.errorMessage(status)}`);
  };
  /** The same for a function that makes something. */
  const make = (name: Name, ...parameters: unknown[]): unknown => {
    const made = [null];
    call(name, ...parameters, made);
    return made[0];
  };
  const threading = make('createThreadingOptions');
  call('setGlobalIntraOpNumThreads', threading, threads);
  // Threads that spin after a product would take the cores that the pool's threads need.
  call('setGlobalSpinControl', threading, 0);
  const environment = make('createEnvWithGlobalThreadPools', WARNING, 'engine', threading);
  const options = make('createSessionOptions');
  call('disablePerSessionThreads', options);
  const memory = make('createCpuMemoryInfo', DEVICE_ALLOCATOR, CPU_MEMORY);
  const sessions = [false, true].map((transposeA) =>
    [false, true].map((transposeB) => {
      const model = productModel(transposeA, transposeB);
      return make('createSessionFromArray', environment, model, model.length, options);
    }),
  );
  const tensorOf = (numbers: Float32Array, rows: number, columns: number): unknown => {
    const shape = BigInt64Array.of(BigInt(rows), BigInt(columns));
    return make('createTensorWithData', memory, numbers, numbers.byteLength, shape, shape.length, FLOAT);
  };
  return {
    label: `ONNX Runtime ${version}`,
    instead: null,
    multiply(a, b, c, { m, n, k, transposeA, transposeB }) {
      const session = sessions[Number(transposeA)][Number(transposeB)];
      const left = transposeA ? tensorOf(a, k, m) : tensorOf(a, m, k);
      const right = transposeB ? tensorOf(b, n, k) : tensorOf(b, k, n);
      const out = tensorOf(c, m, n);
      try {
        call('run', session, null, ['a', 'b'], [left, right], 2, ['c'], 1, [out]);
      } finally {
        for (const value of [left, right, out]) runtime.releaseValue(value);
      }
    },
  };
}
