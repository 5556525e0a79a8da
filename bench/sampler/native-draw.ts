import { type Random, ziggurat } from '../random.ts';
import type { World } from '../world/world.ts';
import { familiesOf } from './families.ts';
import { BLOCK } from './firing.ts';
import type { NativeSampler } from './native.ts';
import { bound, hazard } from './phi-grid.ts';
import { BUCKET, type Plan } from './plan.ts';
import type { SparseRows } from './sparse-rows.ts';
import { FACTOR, wholeNumbersOf } from './whole-numbers.ts';

/** Random words that the draw is given at a time, and entries of a row that room is made for at first. */
const WORDS = 1 << 16;
const ENTRIES = 48;

// What draw_rows returns.
const DONE = 0;
const MORE_WORDS = 1;

/** Places of numbers in the table of a batch: `struct batch` of native/sampler.c. */
const AT = {
  words: 0,
  word: 1,
  wordsThere: 2,
  row: 3,
  rows: 4,
  factorsUntil: 5,
  offsets: 6,
  features: 7,
  values: 8,
  count: 9,
  room: 10,
  size: 11,
};

/** The draw of the fast sampler in C: the same rows as `PlainDraw`, bit for bit. */
export class NativeDraw {
  private readonly table: Uint8Array;
  /** What the table has addresses of. */
  private readonly held: readonly ArrayBufferView[];
  private words = new Uint32Array(WORDS);
  private features = new Uint32Array(0);
  private values = new Float32Array(0);

  constructor(
    private readonly world: World,
    plan: Plan,
    private readonly kernels: NativeSampler,
  ) {
    const { rank, buckets } = plan;
    const whole = wholeNumbersOf(plan);
    const families = familiesOf(plan);
    const { pairs, scale, unit } = whole;
    // In the order of `struct world` in native/draw.h.
    this.held = [
      ...[plan.loadings, plan.cutoffs, plan.top, plan.childStart, plan.childList],
      ...[Int32Array.from(plan.openRoots), plan.exclusive, plan.scaling, world.means, world.stds],
      ...[bound, hazard, ziggurat.ratio, ziggurat.edge, ziggurat.density],
      ...[whole.loadings, whole.offsets, whole.largest],
      ...[families.loadings, families.cutoffs, families.quads],
      ...[new Float64Array(BLOCK * rank), new Int16Array(BLOCK * pairs * 2)],
      ...[new Int16Array(BLOCK * buckets * BUCKET), new Int16Array(BLOCK * buckets)],
      ...[new Float64Array(BLOCK), new Float64Array(families.cutoffs.length)],
    ];
    const addresses = this.held.map((array) => kernels.addressOf(array));
    const counts = [
      ...[rank, buckets, pairs, whole.shift],
      ...[plan.openRoots.length, plan.frequent, world.numFeatures],
    ];
    // Factors of a half of a whole number, and the rounding of a cutoff and of a sum: see writeFactors.
    const numbers = [unit, (0.5 * FACTOR) / scale, 0.5 / scale + unit];
    this.table = new Uint8Array(8 * (addresses.length + counts.length + numbers.length));
    const view = new DataView(this.table.buffer);
    for (const [i, address] of addresses.entries()) view.setBigUint64(8 * i, address, true);
    const first = 8 * addresses.length;
    for (const [i, count] of counts.entries()) view.setBigInt64(first + 8 * i, BigInt(count), true);
    const second = first + 8 * counts.length;
    for (const [i, number] of numbers.entries()) view.setFloat64(second + 8 * i, number, true);
  }

  /** Draws that many rows from the numbers of `random`. */
  draw(random: Random, rows: number): SparseRows {
    const { kernels, table } = this;
    const offsets = new Uint32Array(rows + 1);
    const batch = new BigInt64Array(AT.size);
    const bytes = new Uint8Array(batch.buffer);
    random.fill(this.words);
    batch[AT.words] = kernels.addressOf(this.words);
    batch[AT.wordsThere] = BigInt(this.words.length);
    batch[AT.rows] = BigInt(rows);
    batch[AT.offsets] = kernels.addressOf(offsets);
    this.makeRoom(batch, this.world.numFeatures + ENTRIES * rows);
    for (;;) {
      const missing = kernels.drawRows(table, bytes);
      if (missing === DONE) break;
      if (missing === MORE_WORDS) this.moreWords(batch, random);
      else this.makeRoom(batch, 2 * this.features.length);
    }
    const count = Number(batch[AT.count]);
    return { rows, offsets, features: this.features.slice(0, count), values: this.values.slice(0, count) };
  }

  /** Gives the draw the words that it has not used and as many new ones as have room beside them. */
  private moreWords(batch: BigInt64Array, random: Random): void {
    const left = this.words.subarray(Number(batch[AT.word]));
    // A row that took none of them takes more than all.
    const words = left.length === this.words.length ? new Uint32Array(2 * left.length) : this.words;
    words.set(left);
    random.fill(words.subarray(left.length));
    this.words = words;
    batch[AT.words] = this.kernels.addressOf(words);
    batch[AT.word] = 0n;
    batch[AT.wordsThere] = BigInt(words.length);
  }

  private makeRoom(batch: BigInt64Array, entries: number): void {
    if (this.features.length < entries) {
      const { features, values } = this;
      this.features = new Uint32Array(entries);
      this.features.set(features);
      this.values = new Float32Array(entries);
      this.values.set(values);
    }
    batch[AT.features] = this.kernels.addressOf(this.features);
    batch[AT.values] = this.kernels.addressOf(this.values);
    batch[AT.room] = BigInt(this.features.length);
  }
}
