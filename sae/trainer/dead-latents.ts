import type { Csr } from '#engine/sparse';

/** Counts the steps since each latent fired. A latent is dead after more than `window` steps. */
export class DeadLatents {
  /** Steps since each latent fired. */
  readonly sinceFired: Float64Array;

  constructor(
    width: number,
    private readonly window: number,
  ) {
    this.sinceFired = new Float64Array(width);
  }

  /** Number of dead latents. */
  get count(): number {
    let count = 0;
    for (const steps of this.sinceFired) if (steps > this.window) count++;
    return count;
  }

  /** [d_sae], 1 for each dead latent; null if none is dead. */
  mask(): Uint8Array | null {
    return this.count === 0
      ? null
      : Uint8Array.from(this.sinceFired, (steps) => (steps > this.window ? 1 : 0));
  }

  /** Counts one step, in which the latents with activations other than 0 have fired. */
  update(acts: Csr): void {
    for (let i = 0; i < this.sinceFired.length; i++) this.sinceFired[i]++;
    for (let at = 0; at < acts.indices.length; at++) {
      if (acts.values[at] !== 0) this.sinceFired[acts.indices[at]] = 0;
    }
  }
}
