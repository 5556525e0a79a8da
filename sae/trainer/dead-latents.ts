import type * as tf from '@tensorflow/tfjs-core';
import type { Csr } from '#engine/sparse';
import { countSince, isHeld, markAbove } from '#engine/tracking';

/**
 * Counts the steps since each latent fired. A latent is dead after more than `window` steps. On a device the
 * counters stay there.
 */
export class DeadLatents {
  /** Steps in which surely none becomes dead: counters grow by 1 in a step. */
  private sure = 0;

  constructor(
    /** Steps since each latent fired. */
    readonly sinceFired: Float64Array,
    private readonly window: number,
  ) {}

  /** Number of dead latents. On a device this waits for it. */
  get count(): number {
    let count = 0;
    for (const steps of this.sinceFired) if (steps > this.window) count++;
    return count;
  }

  /** Whether surely none is dead. Does not wait for a device. */
  get areNone(): boolean {
    return isHeld(this.sinceFired) ? this.sure > 0 : this.count === 0;
  }

  /**
   * [d_sae], 1 for each dead latent; null if none is dead. On a device, where it is not known here, none may
   * be dead in an array that is not null.
   */
  mask(): Uint8Array | null {
    return this.areNone ? null : markAbove(this.sinceFired, this.window);
  }

  /** Looks at the counters, from which it is known for how many steps none can be dead. */
  look(): void {
    const longest = this.sinceFired.reduce((most, steps) => Math.max(most, steps), 0);
    this.sure = Math.max(0, this.window + 1 - longest);
  }

  /** Counts one step, in which the latents with activations other than 0 have fired. */
  update(acts: Csr | tf.Tensor): void {
    countSince(this.sinceFired, acts);
    this.passed();
  }

  /** Counts a step whose counters the device has brought up to date. */
  passed(): void {
    this.sure = Math.max(0, this.sure - 1);
  }
}
