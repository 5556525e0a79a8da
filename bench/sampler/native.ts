import { openNative } from '#engine/native/open';

/** native/sampler.c. Arrays go as their addresses and have to live until the call returns. */
export interface NativeSampler {
  /** Draws the rows of a batch: see `NativeDraw`, which makes both tables. */
  drawRows(world: Uint8Array, batch: Uint8Array): number;
  /** x = values · vectors + bias; false, and nothing certain in x, where an index is none of `count`. */
  synthesise(
    offsets: Uint32Array,
    indices: Uint32Array,
    values: Float32Array,
    vectors: Float32Array,
    count: number,
    bias: Float32Array,
    x: Float32Array,
    rows: number,
  ): boolean;
  /** eval/compare-rows.ts; false, and nothing is done, where an array is too short. */
  compareRows(
    x: Float32Array,
    y: Float32Array,
    columns: Float64Array,
    sums: Float64Array,
    rows: number,
  ): boolean;
  addressOf(array: ArrayBufferView): bigint;
}

const opened = new Map<string, NativeSampler | null>();

/**
 * The sampler's kernels in C; null where this processor has none, `how` (or ENGINE_NATIVE) is `off`, or this
 * version of Node has logarithms of other bits than these kernels.
 * @throws UserError for a level that is unknown or cannot be used here
 */
export function openNativeSampler(how: string = process.env.ENGINE_NATIVE ?? 'auto'): NativeSampler | null {
  const before = opened.get(how);
  if (before !== undefined) return before;
  const kernels = open(how);
  opened.set(how, kernels);
  return kernels;
}

function open(how: string): NativeSampler | null {
  const library = openNative(new URL('./native/sampler.c', import.meta.url), how);
  if (library === null) return null;
  const drawRows = library.func('int draw_rows(void *, void *)');
  const synthesise = library.func(
    'int synthesise(void *, void *, void *, int, void *, int, void *, void *, int, int)',
  );
  const compareRows = library.func('void compare_rows(void *, void *, void *, void *, int, int)');
  const addressOf = library.func('uint64_t address_of(void *)');
  if (!hasSameBits(library.func('void logarithms(void *, void *, int)'), Math.log, 0, 1)) return null;
  if (!hasSameBits(library.func('void exponentials(void *, void *, int)'), Math.exp, -40, 0)) return null;
  return {
    drawRows: (world, batch) => drawRows(world, batch) as number,
    synthesise: (offsets, indices, values, vectors, count, bias, x, rows) => {
      const entries = Math.min(indices.length, values.length);
      const d = bias.length;
      if (offsets.length <= rows || x.length < rows * d || vectors.length < count * d) return false;
      return synthesise(offsets, indices, values, entries, vectors, count, bias, x, rows, d) === 1;
    },
    compareRows: (x, y, columns, sums, rows) => {
      const dim = columns.length;
      if (Math.min(x.length, y.length) < rows * dim || sums.length < 3 * rows) return false;
      compareRows(x, y, columns, sums, rows, dim);
      return true;
    },
    addressOf: (array) => BigInt(addressOf(array) as number | bigint),
  };
}

const PROBES = 4096;

/** Whether the kernel's function gives what the engine's own gives on numbers from `low` to `high`. */
function hasSameBits(
  kernel: (...parameters: unknown[]) => unknown,
  own: (x: number) => number,
  low: number,
  high: number,
): boolean {
  const x = Float64Array.from({ length: PROBES }, (_, i) => low + ((i + 0.5) / PROBES) * (high - low));
  const y = new Float64Array(PROBES);
  kernel(x, y, PROBES);
  return x.every((number, i) => y[i] === own(number));
}
