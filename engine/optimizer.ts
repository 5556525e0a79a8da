import type * as tf from '@tensorflow/tfjs-core';

export interface AdamSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Clip the norm of all gradients together to this; null leaves them. */
  maxGradNorm: number | null;
}

/** First and second moments of one parameter. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

export interface Optimizer {
  /**
   * One update of the parameters that have a gradient, none where the norm of all gradients is not a finite
   * number. Returns that norm, as it is before clipping.
   */
  step(gradients: Record<string, tf.Tensor>, learningRate: number): number;
  /** What a resumed run needs beside the weights. The arrays may be the live ones. */
  state(): { steps: number; moments: ReadonlyMap<string, Moments> };
  restore(state: { steps: number; moments: ReadonlyMap<string, Moments> }): void;
}
