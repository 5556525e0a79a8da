import * as tf from '@tensorflow/tfjs-core';
import { waitWhile } from './events.ts';

/** The parts of tfjs' WebGPU backend that are used here; its own `read` uses them too. */
interface WebGpuBackend {
  tensorMap: { get(dataId: object): { values: unknown; dtype: tf.DataType; resource: GpuBuffer } };
  bufferManager: {
    acquireBuffer(size: number, usage: number): GpuBuffer;
    releaseBuffer(buffer: GpuBuffer): void;
  };
  commandEncoder: {
    copyBufferToBuffer(from: GpuBuffer, at: number, to: GpuBuffer, toAt: number, size: number): void;
  };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  convertAndCacheOnCPU(dataId: object, values: tf.TypedArray): tf.TypedArray;
  readSync(dataId: object): unknown;
}

interface GpuBuffer {
  readonly size: number;
  readonly mapState: 'unmapped' | 'pending' | 'mapped';
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
}

/** Constants of the WebGPU standard: GPUMapMode.READ, and GPUBufferUsage.MAP_READ | COPY_DST. */
const READ = 1;
const STAGING = 1 | 8;

/**
 * Gives the backend in use a `readSync` that works in Node: the original draws the numbers on a canvas.
 * Trainers read losses and which latents fired within a step, and tfjs' gradients do not allow an `await`
 * there.
 */
export function installReadSync(): void {
  const backend = tf.backend() as unknown as WebGpuBackend;
  const own = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    if (data.values != null || data.dtype === 'string' || data.dtype === 'complex64') return own(dataId);
    const bytes = bytesOf(backend, data.resource);
    return backend.convertAndCacheOnCPU(dataId, asArray(bytes, data.dtype));
  };
}

function bytesOf(backend: WebGpuBackend, buffer: GpuBuffer): ArrayBuffer {
  const staging = backend.bufferManager.acquireBuffer(buffer.size, STAGING);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  backend.submitQueue();
  // A failure shows in `mapState` below.
  staging.mapAsync(READ).catch(() => {});
  waitWhile(() => staging.mapState === 'pending');
  if (staging.mapState !== 'mapped')
    throw new Error('the GPU is lost: its results cannot be read; start the run again');
  const bytes = staging.getMappedRange().slice(0);
  staging.unmap();
  backend.bufferManager.releaseBuffer(staging);
  return bytes;
}

function asArray(bytes: ArrayBuffer, dtype: tf.DataType): tf.TypedArray {
  if (dtype === 'float32') return new Float32Array(bytes);
  // A boolean takes a 32-bit word on the device.
  return dtype === 'bool' ? Uint8Array.from(new Int32Array(bytes)) : new Int32Array(bytes);
}
