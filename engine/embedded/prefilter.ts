import type { TensorInfo } from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';
import type { EmbeddedBackend, Kept } from './backend.ts';
import { type Affine, NONE } from './dense-product.ts';
import type { Pool } from './pool.ts';
import { featuresOf, readCpuinfo } from './processor.ts';
import type { Finder } from './scan.ts';

/*
 * Which numbers of a dense product (x·W + bias)·scale exceed a bound, without computing the others:
 * native/prefilter.h. A product of whole numbers of 8 bits is near each number, and a bound of its error
 * leaves few that may exceed the bound. These are computed with the bits of the kernels in C. So a selection
 * of the largest is the same as from the whole product, and takes a third of the time.
 */

/**
 * Sizes of native/prefilter.h: rows and columns of a tile, columns of an item, the most terms of a number,
 * and numbers that say something of each row and column.
 */
const SIZES = { rows: 14, columns: 32, itemColumns: 256, terms: 8192, factors: 5 };
/** Below this many multiplications the whole product takes less time. */
const LEAST_SIZE = 1 << 23;
const LEAST_COLUMNS = 512;
/** Items for each thread, of marks and of rows: the others wait for the one that has the last. */
const ITEMS = 4;
const BLOCKS = 16;
/** The work of a multiplication of whole numbers, and of one in float32, as Pool.run counts. */
const WHOLE_WORK = 1 / 32;
const EXACT_WORK = 1 / 4;

/** What ENGINE_PREFILTER may be. Beside AMX nobody has timed it, so `auto` leaves it out there. */
const CHOICES = ['auto', 'on', 'off'] as const;

/**
 * Whether the processor has products of whole numbers of 8 bits, and ENGINE_PREFILTER does not leave
 * prefiltering out. @throws UserError for an unknown value, and where it asks for what is not here
 */
export function isPrefilterHere(
  { native }: Pick<Pool, 'native'>,
  isBesideAmx: boolean,
  how: string = process.env.ENGINE_PREFILTER ?? 'auto',
  cpuinfo = readCpuinfo(),
): boolean {
  const choice = CHOICES.find((one) => one === how);
  if (choice === undefined)
    throw new UserError(`ENGINE_PREFILTER=${how}: must be one of ${CHOICES.join(', ')}`);
  const isHere = native?.level === 'avx512' && featuresOf(cpuinfo).has('avx512_vnni');
  if (choice === 'on' && !isHere) {
    throw new UserError(
      'ENGINE_PREFILTER=on: it needs a processor with AVX-512 VNNI, Linux, and ENGINE_NATIVE=auto or avx512',
    );
  }
  return isHere && (choice === 'on' || (choice === 'auto' && !isBesideAmx));
}

/** Whether a product of these sizes takes less time so. */
export const isForPrefilter = (m: number, n: number, k: number): boolean =>
  m * n * k > LEAST_SIZE && n >= LEAST_COLUMNS && k <= SIZES.terms;

/** Lines of k numbers as whole numbers of 8 bits, and what native/prefilter.h has of them. */
class WholeNumbers implements Kept {
  readonly words: number;
  readonly factors: number;

  /** Of `lines` lines at `from`: the rows of x, or (`isRight`) the columns of W. */
  constructor(
    private readonly backend: EmbeddedBackend,
    from: number,
    lines: number,
    k: number,
    isRight: boolean,
  ) {
    const { heap, pool } = backend;
    const wide = isRight ? SIZES.columns : SIZES.rows;
    const panels = Math.ceil(lines / wide);
    this.words = heap.allocate(4 * panels * wide * Math.ceil(k / 4));
    this.factors = heap.allocate(4 * panels * wide * SIZES.factors);
    pool.run('quantise', panels, wide * k, from, lines, k, wide, Number(isRight), this.words, this.factors);
  }

  release(): void {
    for (const pointer of [this.words, this.factors]) this.backend.heap.release(pointer);
  }
}

/** The operands of a product and what it does to columns. */
export interface Operands {
  x: TensorInfo;
  W: TensorInfo;
  bias: TensorInfo | null;
  scale: TensorInfo | null;
}

/** The pointers of bias and scale. */
export const affineOf = (backend: EmbeddedBackend, { bias, scale }: Operands): Affine => ({
  bias: bias ? backend.numbers(bias).byteOffset : NONE.bias,
  scale: scale ? backend.numbers(scale).byteOffset : NONE.scale,
});

/** What numbers must exceed: all of them, and those of each column. */
interface Above {
  least: number;
  bounds: number;
}

/** Finds the numbers of a product above a bound, or NaN. The whole numbers of W are kept as long as W. */
export class Prefilter {
  private readonly rows: WholeNumbers;
  private readonly m: number;
  private readonly n: number;
  private readonly k: number;

  constructor(
    private readonly backend: EmbeddedBackend,
    private readonly operands: Operands,
  ) {
    const { x, W } = operands;
    [this.m, this.k] = x.shape;
    this.n = W.shape[1];
    this.rows = new WholeNumbers(backend, backend.numbers(x).byteOffset, this.m, this.k, false);
  }

  /** W's whole numbers. Asked for each time: a reshaped W shares what is kept, and may have replaced it. */
  private columns(): WholeNumbers {
    const { backend, n, k } = this;
    const { W } = this.operands;
    const made = () => new WholeNumbers(backend, backend.transposedNumbers(W).byteOffset, n, k, true);
    return backend.keptOf(W, made) as WholeNumbers;
  }

  /**
   * Finds the numbers above a bound, without most of those below the bound of their column (a pointer to n
   * numbers, 0 for none); gives up if more than `limit` may be above.
   */
  finder(limit: number, bounds = 0): Finder {
    const { m, n } = this;
    const high = Math.ceil(m / (BLOCKS * this.backend.pool.threads));
    return {
      ...{ size: m * n, block: high * n, blocks: Math.ceil(m / high) },
      find: (least, ...outs) => this.find({ least, bounds }, limit, high, outs),
    };
  }

  /** Writes positions, counts and bits of the numbers above `least` to `outs`, in blocks of `high` rows. */
  private find(above: Above, limit: number, high: number, outs: readonly number[]): boolean {
    const { backend, operands, m, n, k } = this;
    const { heap, pool } = backend;
    const { bias, scale } = affineOf(backend, operands);
    const marks = heap.allocate(4 * m * Math.ceil(n / SIZES.columns));
    const candidates = this.mark(marks, { bias, scale }, above);
    const isFew = candidates <= limit;
    if (isFew) {
      const blocks = Math.ceil(m / high);
      const work = (candidates * k * EXACT_WORK) / blocks;
      const [x, W] = [backend.numbers(operands.x), backend.transposedNumbers(operands.W)];
      const from = [x.byteOffset, W.byteOffset, m, n, k, high];
      pool.run('exactAbove', blocks, work, ...from, bias, scale, above.least, marks, ...outs);
    }
    heap.release(marks);
    return isFew;
  }

  /** Marks the numbers that may exceed the bounds; how many. */
  private mark(marks: number, { bias, scale }: Affine, { least, bounds }: Above): number {
    const { m, n, k, rows } = this;
    const columns = this.columns();
    const { heap, pool } = this.backend;
    const across = Math.ceil(n / SIZES.itemColumns);
    const panels = Math.ceil(m / SIZES.rows);
    const down = Math.max(1, Math.min(panels, Math.ceil((ITEMS * pool.threads) / across)));
    const high = SIZES.rows * Math.ceil(panels / down);
    const items = Math.ceil(m / high) * across;
    const counts = heap.allocate(4 * items);
    const work = Math.min(m, high) * Math.min(n, SIZES.itemColumns) * k * WHOLE_WORK;
    const whole = [rows.words, columns.words, rows.factors, columns.factors];
    pool.run('prefilter', items, work, ...whole, m, n, k, high, bias, scale, bounds, least, marks, counts);
    const candidates = heap.words(counts, items).reduce((sum, count) => sum + count, 0);
    heap.release(counts);
    return candidates;
  }

  release(): void {
    this.rows.release();
  }
}
