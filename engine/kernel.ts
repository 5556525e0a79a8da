import * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import { scatter } from './csr.ts';
import { embeddedBackend } from './embedded/backend.ts';

/**
 * A new float32 tensor whose numbers `body` computes from those of `inputs`, row-major. Use it to write a
 * kernel in plain TypeScript. `out` starts as zeros; with `zeros: false` its content is undefined and `body`
 * must set all of it. On the embedded backend the arrays are views of its memory, not copies, so `body` must
 * make no tensors and keep no array.
 */
export function compute(
  inputs: readonly tf.TensorInfo[],
  shape: readonly number[],
  body: (out: Float32Array, ...inputs: Float32Array[]) => void,
  beginning: Beginning = {},
): tf.Tensor {
  return computeAll(inputs, [shape], ([out], values) => body(out, ...values), beginning)[0];
}

interface Beginning {
  zeros?: boolean;
}

/** The same with several tensors at once. */
export function computeAll(
  inputs: readonly tf.TensorInfo[],
  shapes: readonly (readonly number[])[],
  body: (outs: Float32Array[], inputs: Float32Array[]) => void,
  { zeros = true }: Beginning = {},
): tf.Tensor[] {
  const embedded = embeddedBackend();
  if (embedded) {
    const infos = shapes.map((shape) => embedded.make(shape));
    const outs = infos.map(numbers);
    if (zeros) for (const out of outs) out.fill(0);
    body(outs, inputs.map(numbers));
    return infos.map((info) => tf.engine().makeTensorFromTensorInfo(info, embedded));
  }
  const outs = shapes.map((shape) => new Float32Array(tf.util.sizeFromShape([...shape])));
  body(outs, inputs.map(numbers));
  return outs.map((out, i) => tf.tensor(out, [...shapes[i]], 'float32'));
}

/**
 * A matrix of these non-zeros. On the embedded backend its zeros take no memory until it is read as a dense
 * matrix.
 */
export function computeSparse(codes: SparseCodes, columns: number): tf.Tensor {
  const embedded = embeddedBackend();
  if (embedded) return tf.engine().makeTensorFromTensorInfo(embedded.makeSparse(codes, columns), embedded);
  return compute([], [codes.rows, columns], (out) => {
    scatter(codes, codes.values, columns, out);
  });
}

/**
 * The numbers of a float32 tensor, to be read at once: a view if the backend allows it, valid until the next
 * tensor is made.
 */
export function numbers(tensor: tf.TensorInfo): Float32Array {
  const embedded = embeddedBackend();
  if (embedded) return embedded.numbers(tensor);
  return tf.engine().readSync(tensor.dataId) as Float32Array;
}

/** Zeros that kernels can work on until the process ends, for the state of an optimizer. */
export function lastingZeros(size: number): Float32Array {
  const embedded = embeddedBackend();
  if (!embedded) return new Float32Array(size);
  return embedded.heap.floats(embedded.heap.allocate(4 * size), size).fill(0);
}
