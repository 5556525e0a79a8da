import * as tf from '@tensorflow/tfjs-core';
import { wasmBackend } from './backend.ts';

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
  const wasm = wasmBackend();
  if (!wasm) {
    const out = new Float32Array(tf.util.sizeFromShape([...shape]));
    body(out, ...inputs.map(numbers));
    return tf.tensor(out, [...shape], 'float32');
  }
  const info = wasm.makeOutput([...shape], 'float32');
  // Views are taken after the allocation: it may have moved the heap.
  const out = wasm.typedArrayFromHeap(info) as Float32Array;
  out.fill(0);
  body(out, ...inputs.map(numbers));
  return tf.engine().makeTensorFromTensorInfo(info, wasm);
}

/** The numbers of a float32 tensor to look at now: a view where the backend allows, valid until the next tensor. */
export function numbers(tensor: tf.TensorInfo): Float32Array {
  const wasm = wasmBackend();
  if (wasm) return wasm.typedArrayFromHeap(tensor) as Float32Array;
  return tf.engine().readSync(tensor.dataId) as Float32Array;
}
