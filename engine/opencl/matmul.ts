import type { TensorInfo } from '@tensorflow/tfjs-core';
import { currentForm } from '../operation.ts';
import type { OpenClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { sparseProduct } from './sparse-products.ts';

export interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

/** A product of two matrices, or of two stacks of them; null where the cpu backend must compute it. */
export function matMul(
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: Transposes,
  backend: OpenClBackend,
): TensorInfo | null {
  const rank = a.shape.length;
  const areMatrices = rank === b.shape.length && (rank === 2 || rank === 3);
  if (!areMatrices || a.dtype !== 'float32' || b.dtype !== 'float32') return null;
  const sparse = currentForm() === 'plain' ? null : sparseProduct(a, b, { transposeA, transposeB }, backend);
  if (sparse) return sparse;
  const [stackA, stackB] = [a, b].map(({ shape }) => (rank === 3 ? shape[0] : 1));
  const stack = Math.max(stackA, stackB);
  if ((stackA !== stack && stackA !== 1) || (stackB !== stack && stackB !== 1)) return null;
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const n = transposeB ? rowsB : columnsB;
  if (stack * m * n * k === 0) return null;
  const out = backend.make(rank === 3 ? [stack, m, n] : [m, n]);
  const [left, right, to] = [a, b, out].map((tensor) => backend.buffer(tensor));
  const next = [stackA === 1 ? 0 : m * k, stackB === 1 ? 0 : k * n] as const;
  multiply(backend.device, left, right, to, { m, n, k, transposeA, transposeB, stack, next });
  return out;
}

interface Product extends Transposes {
  m: number;
  n: number;
  k: number;
  /** Products in a stack, and the numbers from one operand to the next in it. */
  stack?: number;
  next?: readonly [number, number];
  /** One number for each column that is added, and one by which the sum is multiplied then. */
  bias?: DeviceBuffer | null;
  scale?: DeviceBuffer | null;
  /** An encode, which a device may do by its tensor cores. */
  isEncode?: boolean;
}

/** A group's tile of the result, from which on a larger one pays: it is for products that fill a card. */
const LARGE = 512;
/** The tile of a group by tensor cores, as mma.cl has it: warps of 64 × 64 numbers, at most 2 × 4 of them. */
const tileOfTf32 = (group: number) => ({ rows: group < 128 ? 64 : 128, columns: group < 256 ? 128 : 256 });

/** to [m, n] = (a · b + bias) · scale, each operand given as its transpose or not. */
export function multiply(
  device: Device,
  a: DeviceBuffer,
  b: DeviceBuffer,
  to: DeviceBuffer,
  { m, n, k, transposeA, transposeB, stack = 1, next = [0, 0], bias = null, scale = null, isEncode }: Product,
): void {
  if (isEncode && device.encodes === 'tf32') {
    const args = [a, b, to, m, n, k, bias, scale, bias ? 1 : 0, scale ? 1 : 0];
    const { rows, columns } = tileOfTf32(device.group);
    const global = [Math.ceil(n / columns) * device.group, Math.ceil(m / rows)];
    device.launch('mma', 'product_tf32', { global, local: [device.group, 1] }, args);
    return;
  }
  // 16 × 16 work items where the group allows it, else 8 × 8.
  const side = device.group >= 256 ? 16 : 8;
  const each = m * n >= LARGE * LARGE ? 8 : 4;
  const tile = side * each;
  // Each work item brings at least one load of four numbers of each operand.
  const depth = each === 8 ? 8 : 16;
  // Four numbers at a time where the rows of both begin at multiples of 16 bytes, as their memory does.
  const vector = (transposeA ? m : k) % 4 === 0 && (transposeB ? k : n) % 4 === 0 ? 4 : 1;
  const defines = [
    `-D TA=${Number(transposeA)} -D TB=${Number(transposeB)}`,
    `-D TX=${side} -D TY=${side} -D R=${each} -D K=${depth} -D VECTOR=${vector}`,
  ].join(' ');
  const global = [Math.ceil(n / tile) * side, Math.ceil(m / tile) * side, stack];
  const args = [a, b, to, m, n, k, ...next, bias, scale, bias ? 1 : 0, scale ? 1 : 0];
  device.launch('matmul', 'product', { global, local: [side, side, 1] }, args, defines);
}
