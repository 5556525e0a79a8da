import type * as tf from '@tensorflow/tfjs-core';

export interface AdamSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Maximum global norm of all gradients together; null for no clipping. */
  maxGradNorm: number | null;
}

/** First and second moments of one parameter. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

export interface Optimizer {
  /**
   * Updates the parameters that have a gradient; updates nothing if the norm of all gradients is not finite.
   * Returns that norm, measured before clipping.
   */
  step(gradients: Record<string, tf.Tensor>, learningRate: number): number;
  /** What a resumed run needs besides the weights. The arrays may be the optimizer's own, not copies. */
  state(): { steps: number; moments: ReadonlyMap<string, Moments> };
  restore(state: { steps: number; moments: ReadonlyMap<string, Moments> }): void;
}
