import type * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import { numbers } from './kernel.ts';

/** Rows of few non-zeros (CSR): those of row i are `offsets[i] .. offsets[i + 1]`, columns ascending. */
export type Csr = SparseCodes;

/** Above this share of non-zeros the dense product on the backend is faster than rows of non-zeros. */
const SPARSE_SHARE = 0.06;
/** Smaller than this, looking for zeros costs more than it saves. */
const MIN_SIZE = 4096;

// By the tensor's data, so that a clone is known too and an entry goes when the data go.
const known = new WeakMap<object, Csr | 'dense'>();

/** Notes that these are the non-zeros of `tensor`, which whoever made it knows anyway. Returns the tensor. */
export function remember<T extends tf.Tensor>(tensor: T, csr: Csr): T {
  known.set(tensor.dataId, csr);
  return tensor;
}

/** The non-zeros of a matrix that has few of them, else null. Found once for the same data. */
export function sparseOf(tensor: tf.TensorInfo): Csr | null {
  if (tensor.shape.length !== 2 || tensor.dtype !== 'float32') return null;
  const noted = known.get(tensor.dataId);
  if (noted) return noted === 'dense' ? null : noted;
  const [rows, columns] = tensor.shape;
  if (rows * columns < MIN_SIZE) return null;
  const csr = scan(numbers(tensor), rows, columns, Math.floor(rows * columns * SPARSE_SHARE));
  known.set(tensor.dataId, csr ?? 'dense');
  return csr;
}

/** The non-zeros of a matrix of any size and density. */
export function csrOf(tensor: tf.Tensor): Csr {
  const noted = known.get(tensor.dataId);
  if (noted && noted !== 'dense') return noted;
  const [rows, columns] = tensor.shape;
  return scan(numbers(tensor), rows, columns, rows * columns) as Csr;
}

function scan(values: Float32Array, rows: number, columns: number, limit: number): Csr | null {
  const offsets = new Uint32Array(rows + 1);
  const found = new Uint32Array(limit);
  let count = 0;
  for (let row = 0, at = 0; row < rows; row++) {
    for (const end = at + columns; at < end; at++) {
      if (values[at] === 0) continue;
      if (count === limit) return null;
      found[count++] = at;
    }
    offsets[row + 1] = count;
  }
  const indices = new Uint32Array(count);
  const kept = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    indices[i] = found[i] % columns;
    kept[i] = values[found[i]];
  }
  return { rows, offsets, indices, values: kept };
}
