import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { currentHeap } from './wasm/heap.ts';

/**
 * A new float32 tensor whose numbers `body` computes from those of `inputs`, row-major. `out` begins as zeros.
 * On the wasm backend the arrays are views of its heap, nothing is copied; so `body` must make no tensors and
 * keep no array. The way to write a kernel in plain TypeScript.
 */
export function compute(
  inputs: readonly tf.TensorInfo[],
  shape: readonly number[],
  body: (out: Float32Array, ...inputs: Float32Array[]) => void,
): tf.Tensor {
  return computeAll(inputs, [shape], ([out], values) => body(out, ...values))[0];
}

/** The same with several tensors at once. */
export function computeAll(
  inputs: readonly tf.TensorInfo[],
  shapes: readonly (readonly number[])[],
  body: (outs: Float32Array[], inputs: Float32Array[]) => void,
): tf.Tensor[] {
  const wasm = wasmBackend();
  if (!wasm) {
    const outs = shapes.map((shape) => new Float32Array(tf.util.sizeFromShape([...shape])));
    body(outs, inputs.map(numbers));
    return outs.map((out, i) => tf.tensor(out, [...shapes[i]], 'float32'));
  }
  currentHeap()?.settle();
  const infos = shapes.map((shape) => wasm.makeOutput([...shape], 'float32'));
  // Views are taken after the allocations, which may have moved the heap.
  const outs = infos.map((info) => (wasm.typedArrayFromHeap(info) as Float32Array).fill(0));
  body(outs, inputs.map(numbers));
  return infos.map((info) => tf.engine().makeTensorFromTensorInfo(info, wasm));
}

/** The numbers of a float32 tensor to look at now: a view where the backend allows, valid until the next tensor. */
export function numbers(tensor: tf.TensorInfo): Float32Array {
  const wasm = wasmBackend();
  if (wasm) return wasm.typedArrayFromHeap(tensor) as Float32Array;
  return tf.engine().readSync(tensor.dataId) as Float32Array;
}

function wasmBackend(): BackendWasm | null {
  return tf.getBackend() === 'wasm' ? (tf.backend() as BackendWasm) : null;
}
