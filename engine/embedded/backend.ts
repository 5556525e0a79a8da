import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import { scatter } from '../csr.ts';
import type { Blas } from './dense-product.ts';
import { transposeInto } from './gemm.ts';
import type { SharedHeap } from './heap.ts';
import type { Pool } from './pool.ts';

/** The type of the entries that MathBackendCPU stores by data id. */
type CpuEntry = ReturnType<MathBackendCPU['data']['get']>;
type Values = tf.backend_util.BackendValues;

/** Numbers that are computed when they are first read. */
export interface Later {
  compute(out: Float32Array): void;
  /** Gives back what the computation needs; called once. */
  release(): void;
}

/** What was made of a matrix's numbers, and is kept as long as they are. */
export interface Kept {
  release(): void;
}

/**
 * The numbers of a tensor: in plain arrays as tfjs' cpu kernels make them, in shared memory once an embedded
 * kernel has asked for them, or as non-zeros alone, which are expanded to a matrix only when it is read as
 * one; or not yet computed.
 */
class Entry {
  refCount = 1;
  pointer = 0;
  /** The transpose of a matrix, once a product has asked for it. */
  flipped = 0;
  /** Rows of that matrix: reshaped tensors share an entry. */
  flippedRows = 0;
  kept: Kept | null = null;
  keptRows = 0;
  complexTensorInfos?: CpuEntry['complexTensorInfos'];

  constructor(
    readonly dtype: tf.DataType,
    readonly size: number,
    private readonly heap: SharedHeap,
    private plain: Values | null,
    private readonly sparse: SparseCodes | null = null,
    public later: Later | null = null,
  ) {}

  /** For the cpu kernels, which read it as a property. */
  get values(): Values {
    if (this.plain) return this.plain;
    return this.shared();
  }

  /** The numbers as float32 in shared memory, moved or computed there if necessary. */
  shared(): Float32Array {
    const { heap, plain, sparse, later, size } = this;
    if (this.pointer !== 0) return heap.floats(this.pointer, size);
    const view = this.room();
    if (plain) {
      view.set(plain as Float32Array);
      // A mask that was cast to float32 shares its bytes with the mask.
      if (this.dtype === 'float32') this.plain = null;
    } else if (sparse) {
      view.fill(0);
      scatter(sparse, sparse.values, size / sparse.rows, view);
    } else if (later) {
      later.compute(view);
      this.forget();
    }
    return view;
  }

  /** A new block in shared memory for its numbers. */
  room(): Float32Array {
    this.pointer = this.heap.allocate(4 * this.size);
    return this.heap.floats(this.pointer, this.size);
  }

  /** Gives back what the computation needed, once it is done. */
  forget(): void {
    this.later?.release();
    this.later = null;
  }

  free(): void {
    this.forget();
    this.kept?.release();
    this.kept = null;
    for (const pointer of [this.pointer, this.flipped]) if (pointer !== 0) this.heap.release(pointer);
    this.pointer = 0;
    this.flipped = 0;
    this.flippedRows = 0;
  }
}

/**
 * tfjs' cpu backend with its float tensors in one shared memory, where the embedded kernels work on them on
 * several threads (register.ts). Operations without such a kernel are computed by the cpu backend's
 * functions.
 */
export class EmbeddedBackend extends MathBackendCPU {
  readonly heap: SharedHeap;

  constructor(
    readonly pool: Pool,
    readonly blas: Blas | null,
    /** Whether selections leave out what they cannot take, before it is computed (prefilter.ts). */
    readonly isPrefiltering = false,
  ) {
    super();
    this.heap = pool.heap;
  }

  /**
   * Copies values that lie in shared memory: they may be a slice of another tensor's numbers, and must
   * outlive that tensor.
   */
  override write(values: Values, shape: number[], dtype: tf.DataType): object {
    const size = tf.util.sizeFromShape(shape);
    const isShared = ArrayBuffer.isView(values) && values.buffer instanceof SharedArrayBuffer;
    const own = isShared && dtype !== 'float32' ? (values as Uint8Array).slice() : values;
    const entry = new Entry(dtype, size, this.heap, own);
    if (isShared && dtype === 'float32') entry.shared();
    return this.add(entry);
  }

  override move(dataId: object, values: Values, shape: number[], dtype: tf.DataType, refCount: number): void {
    const entry = new Entry(dtype, tf.util.sizeFromShape(shape), this.heap, values);
    entry.refCount = refCount;
    this.data.set(dataId, entry as CpuEntry);
  }

  /** Returns a copy: the memory is reused for another tensor as soon as this one is disposed of. */
  override readSync(dataId: object): Values {
    const values = super.readSync(dataId);
    return ArrayBuffer.isView(values) && values.buffer instanceof SharedArrayBuffer
      ? Float32Array.from(values as Float32Array)
      : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.data.has(dataId) ? this.entry(dataId) : null;
    const gone = super.disposeData(dataId, force);
    if (gone) entry?.free();
    return gone;
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return { unreliable: true, reasons: ['numbers in plain arrays are not counted'] };
  }

  override dispose(): void {
    void this.pool.close();
  }

  /** A new float32 tensor whose numbers are not yet set. */
  make(shape: readonly number[]): tf.TensorInfo {
    const entry = new Entry('float32', tf.util.sizeFromShape([...shape]), this.heap, null);
    entry.shared();
    return { dataId: this.add(entry), shape: [...shape], dtype: 'float32' };
  }

  /** A new matrix of these non-zeros, expanded to a dense one only when it is read as such. */
  makeSparse(codes: SparseCodes, columns: number): tf.TensorInfo {
    const entry = new Entry('float32', codes.rows * columns, this.heap, null, codes);
    return { dataId: this.add(entry), shape: [codes.rows, columns], dtype: 'float32' };
  }

  /** A new tensor whose numbers are computed when they are first read. */
  makeLater(shape: readonly number[], later: Later): tf.TensorInfo {
    const entry = new Entry('float32', tf.util.sizeFromShape([...shape]), this.heap, null, null, later);
    return { dataId: this.add(entry), shape: [...shape], dtype: 'float32' };
  }

  /** Computes the numbers of several such tensors at once. */
  fill(tensors: readonly tf.TensorInfo[], compute: (outs: Float32Array[]) => void): void {
    const entries = tensors.map((tensor) => this.entry(tensor.dataId));
    compute(entries.map((entry) => entry.room()));
    for (const entry of entries) entry.forget();
  }

  /** How a tensor is to be computed; null where that was done. */
  laterOf(tensor: tf.TensorInfo): Later | null {
    return this.data.has(tensor.dataId) ? this.entry(tensor.dataId).later : null;
  }

  /** The float32 numbers of a tensor in shared memory; `byteOffset` is the kernels' pointer. */
  numbers(tensor: tf.TensorInfo): Float32Array {
    return this.entry(tensor.dataId).shared();
  }

  /** The numbers of a matrix's transpose, kept until the matrix is disposed of. */
  transposedNumbers(matrix: tf.TensorInfo): Float32Array {
    const entry = this.entry(matrix.dataId);
    const [rows, columns] = matrix.shape;
    if (entry.flippedRows !== rows) {
      const from = entry.shared().byteOffset;
      if (entry.flipped === 0) entry.flipped = this.heap.allocate(4 * entry.size);
      transposeInto(this, from, rows, columns, entry.flipped);
      entry.flippedRows = rows;
    }
    return this.heap.floats(entry.flipped, entry.size);
  }

  /**
   * What `make` makes of a matrix: made once and kept until the matrix is disposed of, or asked for with
   * other rows. So the caller must not keep it.
   */
  keptOf(matrix: tf.TensorInfo, make: () => Kept): Kept {
    const entry = this.entry(matrix.dataId);
    const [rows] = matrix.shape;
    if (entry.kept && entry.keptRows === rows) return entry.kept;
    entry.kept?.release();
    entry.kept = null;
    entry.kept = make();
    entry.keptRows = rows;
    return entry.kept;
  }

  private entry(dataId: object): Entry {
    return this.data.get(dataId) as unknown as Entry;
  }

  private add(entry: Entry): object {
    const dataId = {};
    this.data.set(dataId, entry as CpuEntry);
    return dataId;
  }
}

/** The embedded backend if it is the one in use, else null. */
export function embeddedBackend(): EmbeddedBackend | null {
  return tf.getBackend() === 'embedded' ? (tf.backend() as EmbeddedBackend) : null;
}

/** The embedded backend if all these numbers lie in its memory, else null. */
export function embeddedFor(...views: readonly ArrayBufferView[]): EmbeddedBackend | null {
  const backend = embeddedBackend();
  return backend && views.every((view) => backend.heap.holds(view)) ? backend : null;
}
