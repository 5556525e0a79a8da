import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import { transpose } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import type { Device } from './device.ts';
import { DeviceCsr, Pattern } from './device-csr.ts';
import type { Range } from './launch.ts';
import { startsOf } from './select.ts';

/**
 * Products with few non-zeros, by bands: latent j, a column of the sparse matrix, belongs to band
 * `bandOf[j]`, and each band has a dense matrix [rows, n] of its own. Without `bandOf` there is one band.
 */
type Bands = DeviceBuffer | null;

/** The build of the program that most kernels use. */
const VECTOR = '-D VECTOR=4';
/** Bands that one launch takes. */
const BANDS = 4;
/** As in sparse.cl. */
const LANES = 64;

/** parts[band of j][i, :] = Σ_j a[i, j] · W[j, :], rows of n numbers. */
export function rowsTimesDense(
  a: DeviceCsr,
  W: DeviceBuffer,
  n: number,
  parts: readonly DeviceBuffer[],
  bandOf: Bands,
): void {
  const { device, rows, starts, indices } = a.pattern;
  const { width, defines } = vectors(n);
  const range = teams(device, width, Math.ceil(rows / teamsOf(device)));
  for (const [first, some] of fours(parts)) {
    const args = [starts, indices, a.values, W, rows, width, bandOf, first, ...some];
    device.launch('sparse', 'rows_times_dense', range, args, defines);
  }
}

/** out[j, :] = Σ_i a[i, j] · parts[band of j][i, :]: the product with the transpose. */
export function columnsTimesDense(
  a: DeviceCsr,
  parts: readonly DeviceBuffer[],
  n: number,
  out: DeviceBuffer,
  bandOf: Bands,
): void {
  const { device, columns } = a.pattern;
  const { begins, order, rowOf } = a.pattern.byColumn();
  const { width, defines } = vectors(n);
  const range = teams(device, width, columns);
  for (const [first, some] of fours(parts)) {
    const lists = [begins, order, rowOf, a.values];
    const args = [...lists, columns, width, bandOf, first, ...some, out];
    device.launch('sparse', 'columns_times_dense', range, args, defines);
  }
}

/** parts[band of j][i, :] · W[j, :] at every non-zero (i, j) of a pattern, as a matrix of that pattern. */
export function dotsAt(
  pattern: Pattern,
  parts: readonly DeviceBuffer[],
  W: DeviceBuffer,
  n: number,
  bandOf: Bands,
): DeviceCsr {
  const { device, rows, most, starts, indices } = pattern;
  const dots = device.allocate(Math.max(1, most));
  const { width, defines } = vectors(n);
  for (const [first, some] of fours(parts)) {
    const args = [starts, indices, W, width, bandOf, first, ...some, dots];
    device.rows('sparse', 'dots_at', rows, args, defines);
  }
  return new DeviceCsr(pattern, dots);
}

/** The values of a dense matrix at the non-zeros of a pattern, in a new buffer. */
export function gatherAt(pattern: Pattern, dense: DeviceBuffer): DeviceBuffer {
  const { device, columns, most, indices, rowOf, extent } = pattern;
  const out = device.allocate(Math.max(1, most));
  device.each('sparse', 'gather_at', most, [...extent, indices, rowOf, dense, columns, out], VECTOR);
  return out;
}

/** Vectors of four numbers where rows divide into them. */
function vectors(n: number): { width: number; defines: string } {
  return n % 4 === 0 ? { width: n / 4, defines: '-D VECTOR=4' } : { width: n, defines: '-D VECTOR=1' };
}

const teamsOf = (device: Device): number => device.group / LANES;

function teams(device: Device, width: number, groups: number): Range {
  const count = teamsOf(device);
  return { global: [Math.ceil(width / LANES) * LANES, groups * count], local: [LANES, count] };
}

/** The parts by fours, as kernels take them: the first band, how many there are, and four buffers. */
function fours(
  parts: readonly DeviceBuffer[],
): [first: number, some: [bands: number, ...buffers: (DeviceBuffer | null)[]]][] {
  return Array.from({ length: Math.ceil(parts.length / BANDS) }, (_, i) => {
    const some = parts.slice(i * BANDS, (i + 1) * BANDS);
    const filled = Array.from({ length: BANDS }, (_, at) => some[at] ?? null);
    return [i * BANDS, [some.length, ...filled]];
  });
}

/**
 * The product by rows of non-zeros if those of an operand are known, else null. Only what was made from
 * non-zeros is known: nothing is scanned.
 */
export function sparseProduct(
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB }: { transposeA: boolean; transposeB: boolean },
  backend: OpenClBackend,
): TensorInfo | null {
  const { device } = backend;
  const left = backend.sparse(a);
  if (left) {
    const n = transposeB ? b.shape[0] : b.shape[1];
    const right = transposeB ? backend.transposedBuffer(b) : backend.buffer(b);
    const out = backend.make([transposeA ? a.shape[1] : a.shape[0], n]);
    if (transposeA) columnsTimesDense(left, [right], n, backend.buffer(out), null);
    else rowsTimesDense(left, right, n, [backend.buffer(out)], null);
    return out;
  }
  const right = transposeA && !transposeB ? backend.sparse(b) : null;
  if (!right) return null;
  // aᵀ·b = (bᵀ·a)ᵀ, where the sparse b is the left operand.
  const [m, n] = [a.shape[1], b.shape[1]];
  const flipped = device.allocate(m * n);
  columnsTimesDense(right, [backend.buffer(a)], m, flipped, null);
  const out = backend.make([m, n]);
  transpose(device, flipped, n, m, backend.buffer(out));
  device.release(flipped);
  return out;
}

/** The sum of two matrices whose non-zeros are known, as such; else null. */
export function sparseSum(a: TensorInfo, b: TensorInfo, backend: OpenClBackend): TensorInfo | null {
  const [x, y] = [backend.sparse(a), backend.sparse(b)];
  if (!x || !y || x.pattern.columns !== y.pattern.columns || x.pattern.rows !== y.pattern.rows) return null;
  return backend.makeSparse(merged(x, y));
}

function merged(a: DeviceCsr, b: DeviceCsr): DeviceCsr {
  const { device, rows, columns } = a.pattern;
  const most = a.pattern.most + b.pattern.most;
  const size = Math.max(1, most);
  const counts = device.allocate(rows);
  const [x, y] = [a, b].map(({ pattern, values }) => [pattern.starts, pattern.indices, values] as const);
  device.each('sparse', 'count_merged', rows, [x[0], x[1], y[0], y[1], rows, counts], VECTOR);
  const starts = startsOf(device, rows, counts);
  const [indices, values, rowOf] = [size, size, size].map((count) => device.allocate(count));
  device.each('sparse', 'merge', rows, [...x, ...y, rows, starts, indices, values, rowOf], VECTOR);
  return new DeviceCsr(new Pattern(device, rows, columns, most, starts, indices, rowOf), values);
}
