import type * as tf from '@tensorflow/tfjs-core';
import type { Csr } from './csr.ts';
import { embeddedFor } from './embedded/backend.ts';
import { positionsAbove as scanOnThreads } from './embedded/scan.ts';
import { computeSparse, numbers } from './kernel.ts';
import { openClBackend } from './opencl/backend.ts';

export type { Csr } from './csr.ts';

/** Above this share of non-zeros the dense product on the backend is faster than rows of non-zeros. */
const SPARSE_SHARE = 0.1;
/** Size below which looking for zeros costs more than it saves. */
const MIN_SIZE = 4096;

// Keyed by the tensor's data id, so that a clone shares the entry and the entry is collected with the data.
const known = new WeakMap<object, Csr | 'dense'>();

/**
 * Records the non-zeros of `tensor`, which the code that made it knows without a scan. Returns the tensor.
 */
export function remember<T extends tf.Tensor>(tensor: T, csr: Csr): T {
  known.set(tensor.dataId, csr);
  return tensor;
}

/** A matrix of these non-zeros, which are recorded for it. */
export function sparseTensor(csr: Csr, columns: number): tf.Tensor {
  return remember(computeSparse(csr, columns), csr);
}

// By the indices of a selection: the numbers that it took, and the data of the matrix that it took them from.
const selections = new WeakMap<Uint32Array, { from: object; values: Float32Array }>();

/** Records that these are numbers of `tensor`. Returns them. */
export function noteSelection(tensor: tf.Tensor, codes: Csr): Csr {
  selections.set(codes.indices, { from: tensor.dataId, values: codes.values });
  return codes;
}

/** The numbers of `tensor` at the non-zeros of `pattern` if it was selected from it, else null. */
export function selectedOf(tensor: tf.Tensor, pattern: Csr): Float32Array | null {
  const selection = selections.get(pattern.indices);
  return selection?.from === tensor.dataId ? selection.values : null;
}

/** Records the numbers of a sum of two selections from one matrix, if they are that. Returns the sum. */
export function noteJoined(sum: Csr, a: Csr, b: Csr): Csr {
  const [first, second] = [a, b].map(({ indices }) => selections.get(indices));
  if (!first || first.from !== second?.from) return sum;
  const values = new Float32Array(sum.indices.length);
  for (let row = 0; row < sum.rows; row++) {
    let i = a.offsets[row];
    let j = b.offsets[row];
    for (let at = sum.offsets[row]; at < sum.offsets[row + 1]; at++) {
      const isFirst = i < a.offsets[row + 1] && a.indices[i] === sum.indices[at];
      if (j < b.offsets[row + 1] && b.indices[j] === sum.indices[at]) values[at] = second.values[j++];
      if (isFirst) values[at] = first.values[i++];
    }
  }
  selections.set(sum.indices, { from: first.from, values });
  return sum;
}

/**
 * What is recorded for a matrix. A reshaped tensor shares the data but has other rows, so the record does not
 * hold for it.
 */
function notedOf({ dataId, shape }: tf.TensorInfo): Csr | 'dense' | undefined {
  const noted = known.get(dataId);
  if (!noted || noted === 'dense') return noted;
  return shape.length === 2 && noted.rows === shape[0] ? noted : undefined;
}

/** The non-zeros of a matrix if they are recorded, else null. Reads no numbers. */
export function knownSparse(tensor: tf.TensorInfo): Csr | null {
  const noted = notedOf(tensor);
  return noted && noted !== 'dense' ? noted : null;
}

/** The non-zeros of a matrix if it has few of them, else null. The same data are scanned only once. */
export function sparseOf(tensor: tf.TensorInfo): Csr | null {
  if (tensor.shape.length !== 2 || tensor.dtype !== 'float32') return null;
  const noted = notedOf(tensor);
  if (noted) return noted === 'dense' ? null : noted;
  const [rows, columns] = tensor.shape;
  if (rows * columns < MIN_SIZE) return null;
  const csr = scan(numbers(tensor), rows, columns, Math.floor(rows * columns * SPARSE_SHARE));
  known.set(tensor.dataId, csr ?? 'dense');
  return csr;
}

/** The non-zeros of a matrix of any size and density. */
export function csrOf(tensor: tf.Tensor): Csr {
  const noted = knownSparse(tensor);
  if (noted) return noted;
  const [rows, columns] = tensor.shape;
  const device = openClBackend();
  if (device && rows * columns > 0) return device.readSparse(tensor);
  return scan(numbers(tensor), rows, columns, rows * columns) as Csr;
}

function scan(values: Float32Array, rows: number, columns: number, limit: number): Csr | null {
  const positions = nonZeros(values, limit);
  return positions && atPositions(positions, values, rows, columns);
}

/** The numbers at these ascending positions of a dense matrix, as rows of non-zeros. */
export function atPositions(positions: Uint32Array, dense: Float32Array, rows: number, columns: number): Csr {
  const offsets = new Uint32Array(rows + 1);
  const indices = new Uint32Array(positions.length);
  const values = new Float32Array(positions.length);
  let row = 0;
  let base = 0;
  for (let i = 0; i < positions.length; i++) {
    const at = positions[i];
    while (at >= base + columns) {
      base += columns;
      offsets[++row] = i;
    }
    indices[i] = at - base;
    values[i] = dense[at];
  }
  offsets.fill(positions.length, row + 1);
  return { rows, offsets, indices, values };
}

/** Positions of the values that are not 0, ascending; null if there are more than `limit`. */
function nonZeros(values: Float32Array, limit: number): Uint32Array | null {
  const embedded = embeddedFor(values);
  if (embedded) {
    // A dense matrix, the usual case, exceeds the limit within its first numbers.
    const head = values.subarray(0, 2 * limit);
    if (head.length < values.length && !scanOnThreads(embedded, head, Number.NaN, limit)) return null;
    return scanOnThreads(embedded, values, Number.NaN, limit);
  }
  const positions = new Uint32Array(limit);
  let found = 0;
  for (let at = 0; at < values.length; at++) {
    if (values[at] === 0) continue;
    if (found === limit) return null;
    positions[found++] = at;
  }
  return positions.slice(0, found);
}

/**
 * Positions of the values that are NaN or greater than `least`, ascending; null if there are more than
 * `limit`.
 */
export function positionsAbove(values: Float32Array, least: number, limit: number): Uint32Array | null {
  const embedded = embeddedFor(values);
  if (embedded) return scanOnThreads(embedded, values, least, limit);
  const positions = new Uint32Array(limit);
  let found = 0;
  for (let at = 0; at < values.length; at++) {
    if (values[at] <= least) continue;
    if (found === limit) return null;
    positions[found++] = at;
  }
  return positions.slice(0, found);
}
