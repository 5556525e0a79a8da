import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import type { DeviceCsr } from './device-csr.ts';
import { nonZeros } from './select.ts';

/** The type of the entries that MathBackendCPU stores by data id. */
type CpuEntry = ReturnType<MathBackendCPU['data']['get']>;
type Values = tf.backend_util.BackendValues;

/** How numbers lie on the device: a boolean is 0 or 1 as a float. */
type Stored = 'float' | 'int';

/**
 * The numbers of a tensor: in arrays of this process as tfjs' cpu kernels make them, on the device once a
 * kernel there has asked for them, or as non-zeros alone, which are expanded only when they are read as a
 * matrix.
 */
class Entry {
  refCount = 1;
  complexTensorInfos?: CpuEntry['complexTensorInfos'];
  private flipped: DeviceBuffer | null = null;
  private flippedRows = 0;
  private converted: DeviceBuffer | null = null;
  /** The non-zeros of a matrix that was not made from them, once something has asked for them. */
  scanned: DeviceCsr | null = null;

  constructor(
    readonly dtype: tf.DataType,
    readonly size: number,
    private readonly device: Device,
    private host: Values | null,
    private buffer: DeviceBuffer | null = null,
    readonly sparse: DeviceCsr | null = null,
    private readonly isLent = false,
  ) {}

  /** For the cpu kernels, which read it as a property: copies the numbers from the device if necessary. */
  get values(): Values {
    this.host ??= this.read();
    return this.host;
  }

  /** Whether the numbers are in this process already. */
  get isHere(): boolean {
    return this.host !== null;
  }

  /** The numbers on the device, copied or expanded there if necessary. */
  onDevice(as: Stored = storedAs(this.dtype)): DeviceBuffer {
    if (as !== storedAs(this.dtype)) {
      this.converted ??= this.written(as);
      return this.converted;
    }
    this.buffer ??= this.sparse?.expanded() ?? this.written(as);
    return this.buffer;
  }

  /** The transpose of a matrix of that many rows, kept until the matrix is disposed of. */
  transposed(rows: number): DeviceBuffer {
    if (this.flipped && this.flippedRows === rows) return this.flipped;
    const from = this.onDevice();
    this.flipped ??= this.device.allocate(this.size);
    transpose(this.device, from, rows, this.size / rows, this.flipped);
    this.flippedRows = rows;
    return this.flipped;
  }

  /** The numbers on the device, which a kernel will overwrite: nothing else that is known of them holds. */
  overwritten(): DeviceBuffer {
    const buffer = this.onDevice();
    for (const copy of [this.converted, this.flipped]) if (copy) this.device.release(copy);
    this.scanned?.release();
    this.host = null;
    this.converted = null;
    this.flipped = null;
    this.scanned = null;
    buffer.overwritten = () => this.overwritten();
    return buffer;
  }

  free(): void {
    const own = this.isLent ? [] : [this.buffer];
    for (const buffer of [...own, this.flipped, this.converted]) if (buffer) this.device.release(buffer);
    this.buffer = null;
    this.flipped = null;
    this.converted = null;
    this.sparse?.release();
    this.scanned?.release();
  }

  private written(as: Stored): DeviceBuffer {
    return this.device.upload(asStored(this.values as tf.TypedArray, as));
  }

  private read(): Values {
    const buffer = this.onDevice();
    const into = storedAs(this.dtype) === 'int' ? new Int32Array(this.size) : new Float32Array(this.size);
    if (this.size > 0) this.device.read([[buffer, into]]);
    return this.dtype === 'bool' ? Uint8Array.from(into) : into;
  }
}

const storedAs = (dtype: tf.DataType): Stored => (dtype === 'int32' ? 'int' : 'float');

/** Numbers as the device has them. Some cpu kernels put integers into an array of floats, or the reverse. */
function asStored(values: tf.TypedArray, as: Stored): Float32Array | Int32Array {
  if (as === 'int') return values instanceof Int32Array ? values : Int32Array.from(values);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

const TILE = 32;

/** Writes the transpose of a [rows, columns] matrix to another buffer. */
export function transpose(
  device: Device,
  from: DeviceBuffer,
  rows: number,
  columns: number,
  to: DeviceBuffer,
): void {
  const tiles = [columns, rows].map((n) => Math.ceil(n / TILE));
  const local = [TILE, Math.max(1, Math.min(TILE, device.group / TILE))];
  const global = [tiles[0] * TILE, tiles[1] * local[1]];
  device.launch('movement', 'transposed', { global, local }, [from, to, rows, columns]);
}

/**
 * tfjs' cpu backend with its tensors on an OpenCL device (register.ts). Operations without a kernel there are
 * computed by the cpu backend's functions, from copies of the numbers.
 */
export class OpenClBackend extends MathBackendCPU {
  constructor(readonly device: Device) {
    super();
  }

  override write(values: Values, shape: number[], dtype: tf.DataType): object {
    return this.add(new Entry(dtype, tf.util.sizeFromShape(shape), this.device, values));
  }

  override move(dataId: object, values: Values, shape: number[], dtype: tf.DataType, refCount: number): void {
    const entry = new Entry(dtype, tf.util.sizeFromShape(shape), this.device, values);
    entry.refCount = refCount;
    this.data.set(dataId, entry as CpuEntry);
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

  /** A new tensor whose numbers on the device are not yet set, or are those of the buffer. */
  make(
    shape: readonly number[],
    dtype: tf.DataType = 'float32',
    buffer: DeviceBuffer | null = null,
  ): tf.TensorInfo {
    const size = tf.util.sizeFromShape([...shape]);
    const own = buffer ?? this.device.allocate(Math.max(1, size));
    return { dataId: this.add(new Entry(dtype, size, this.device, null, own)), shape: [...shape], dtype };
  }

  /** A new tensor over numbers that another owns, and keeps as long as the tensor is there. */
  lend(shape: readonly number[], buffer: DeviceBuffer): tf.TensorInfo {
    const size = tf.util.sizeFromShape([...shape]);
    const entry = new Entry('float32', size, this.device, null, buffer, null, true);
    return { dataId: this.add(entry), shape: [...shape], dtype: 'float32' };
  }

  /** A new matrix of these non-zeros, which it owns; expanded only when it is read as a dense one. */
  makeSparse(csr: DeviceCsr): tf.TensorInfo {
    const { rows, columns } = csr.pattern;
    const entry = new Entry('float32', rows * columns, this.device, null, null, csr);
    return { dataId: this.add(entry), shape: [rows, columns], dtype: 'float32' };
  }

  /** Where the numbers of a tensor lie on the device. The cpu backend's casts share those of another type. */
  buffer(tensor: tf.TensorInfo): DeviceBuffer {
    return this.entry(tensor.dataId).onDevice(storedAs(tensor.dtype));
  }

  /** The numbers of a variable, for a kernel that changes them. What shares them keeps a copy. */
  toOverwrite(variable: tf.Variable): DeviceBuffer {
    const entry = this.entry(variable.dataId);
    if (entry.refCount > 1 || entry.sparse) {
      const copy = this.make(variable.shape);
      const args = [entry.onDevice(), this.buffer(copy), entry.size, 0, 0];
      this.device.each('elementwise', 'identity_of', entry.size, args);
      const own = tf.engine().makeTensorFromTensorInfo(copy, this);
      variable.assign(own);
      own.dispose();
    }
    return this.entry(variable.dataId).overwritten();
  }

  transposedBuffer(matrix: tf.TensorInfo): DeviceBuffer {
    return this.entry(matrix.dataId).transposed(matrix.shape[0]);
  }

  /** The numbers of a tensor if this process has them already, else null. */
  valuesHere(tensor: tf.TensorInfo): Values | null {
    const entry = this.entry(tensor.dataId);
    return entry.isHere ? entry.values : null;
  }

  /** The non-zeros of a matrix if they are known, else null. A reshaped tensor has other rows. */
  sparse(tensor: tf.TensorInfo): DeviceCsr | null {
    const { sparse } = this.entry(tensor.dataId);
    const { shape } = tensor;
    return sparse && shape.length === 2 && shape[0] === sparse.pattern.rows ? sparse : null;
  }

  /** The non-zeros of any matrix: looked for where they are not known, once. */
  nonZeros(tensor: tf.TensorInfo): DeviceCsr {
    const known = this.sparse(tensor);
    if (known) return known;
    const entry = this.entry(tensor.dataId);
    const [rows, columns] = tensor.shape;
    if (entry.scanned?.pattern.rows === rows) return entry.scanned;
    entry.scanned?.release();
    entry.scanned = nonZeros(this.device, { buffer: entry.onDevice(), rows, columns });
    return entry.scanned;
  }

  /** The same in this process. */
  readSparse(tensor: tf.TensorInfo): SparseCodes {
    return this.nonZeros(tensor).read();
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

/** The OpenCL backend if it is the one in use, else null. */
export function openClBackend(): OpenClBackend | null {
  return tf.getBackend() === 'opencl' ? (tf.backend() as OpenClBackend) : null;
}
