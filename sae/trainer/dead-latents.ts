import type { Csr } from '#engine/sparse';

/** How many steps ago each latent fired last, and which are dead by it. */
export class DeadLatents {
  /** Steps since each latent fired. */
  readonly sinceFired: Float64Array;

  constructor(
    width: number,
    private readonly window: number,
  ) {
    this.sinceFired = new Float64Array(width);
  }

  get count(): number {
    let count = 0;
    for (const steps of this.sinceFired) if (steps > this.window) count++;
    return count;
  }

  /** 1 where dead; null where none is. */
  mask(): Uint8Array | null {
    return this.count === 0
      ? null
      : Uint8Array.from(this.sinceFired, (steps) => (steps > this.window ? 1 : 0));
  }

  /** Takes note of one batch: the latents in it have fired. */
  update(acts: Csr): void {
    for (let i = 0; i < this.sinceFired.length; i++) this.sinceFired[i]++;
    for (let at = 0; at < acts.indices.length; at++) {
      if (acts.values[at] !== 0) this.sinceFired[acts.indices[at]] = 0;
    }
  }
}
