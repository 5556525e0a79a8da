import { setImmediate as turn } from 'node:timers/promises';
import type { Seed } from '../random.ts';
import { Sampler, type SparseRows } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';
import type { Batch } from './answers.ts';

/** Rows of a batch in every evaluation. */
export const EVALUATION_BATCH = 1024;
/** Bytes of activations that are kept before they are asked for. */
const MOST_BYTES = 64 << 20;

/** A batch of fresh rows, with the truth about it. */
export type FreshBatch = Batch & { truth: SparseRows };

/**
 * The fresh rows of a measurement, in batches. They are drawn when they are taken, or before, while a judge
 * waits: no row depends on what is measured, and each is the same whenever it is drawn.
 */
export class FreshRows {
  readonly #sampler: Sampler;
  readonly #drawn: FreshBatch[] = [];
  #next = 0;

  constructor(
    private readonly world: World,
    private readonly samples: number,
    seed: Seed,
    private readonly mostBytes = MOST_BYTES,
  ) {
    this.#sampler = new Sampler(world, seed, 'eval');
  }

  /** Batches that were drawn so far. */
  get drawn(): number {
    return this.#next;
  }

  /**
   * Draws rows until this resolves, or until all are drawn or as many as may be kept, and waits for it.
   * @throws what it rejects with
   */
  async drawUntil(asked: Promise<void>): Promise<void> {
    let isAsked = false;
    const end = asked.then(
      () => (isAsked = true),
      () => (isAsked = true),
    );
    await Promise.race([end, turn()]);
    const bytes = EVALUATION_BATCH * this.world.hiddenDim * 4;
    while (!isAsked && this.#hasMore() && (this.#drawn.length + 1) * bytes <= this.mostBytes) {
      this.#drawn.push(this.#draw());
      await turn();
    }
    await asked;
  }

  /** All batches, in their order; each is let go when the next one is taken. */
  *batches(): Generator<FreshBatch> {
    while (this.#drawn.length > 0 || this.#hasMore()) yield this.#drawn.shift() ?? this.#draw();
  }

  #hasMore(): boolean {
    return this.#next * EVALUATION_BATCH < this.samples;
  }

  #draw(): FreshBatch {
    const index = this.#next++;
    const rows = Math.min(EVALUATION_BATCH, this.samples - index * EVALUATION_BATCH);
    const x = new Float32Array(rows * this.world.hiddenDim);
    return { index, rows, x, truth: this.#sampler.sample(index, rows, x) };
  }
}
