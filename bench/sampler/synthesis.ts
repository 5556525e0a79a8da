import { askForHugePages, pagesOf } from '#engine/native/huge-pages';
import type { Entries } from './entries.ts';
import { openNativeSampler } from './native.ts';
import { PlainSums } from './plain-sums.ts';

/** Bytes of vectors from which on their pages are too many for the processor's table. */
const LARGE = 8 << 20;

/**
 * Sums of vectors: from sparse rows to dense ones, x = values · vectors + bias, float32. They are made in C
 * where the processor allows (native.ts), else in WebAssembly; both give the same bits.
 */
export class Synthesis {
  private readonly kernels: ReturnType<typeof openNativeSampler>;
  private plain: PlainSums | undefined;

  /**
   * @param vectors [count, bias.length]
   * @param native as ENGINE_NATIVE, which it overrides
   */
  constructor(
    private readonly vectors: Float32Array,
    private readonly bias: Float32Array,
    native?: string,
  ) {
    this.kernels = openNativeSampler(native);
    if (this.kernels && vectors.byteLength >= LARGE)
      askForHugePages(pagesOf(vectors, this.kernels.addressOf(vectors)), undefined, true);
  }

  /** Writes all rows of the sparse matrix into x, [rows, bias.length]. */
  write(entries: Entries, x: Float32Array): void {
    const { kernels, vectors, bias } = this;
    if (kernels === null) {
      this.plain ??= new PlainSums(vectors, bias);
      this.plain.write(entries, x);
      return;
    }
    const { rows, offsets, indices, values } = entries;
    const count = vectors.length / bias.length;
    if (!kernels.synthesise(offsets, indices, values, vectors, count, bias, x, rows))
      throw new Error('sums of vectors: an entry or a row is outside of what it was given');
  }
}
