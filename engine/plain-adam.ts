import * as tf from '@tensorflow/tfjs-core';
import type { AdamSettings, Moments, Optimizer } from './optimizer.ts';

/**
 * Adam as in adam.ts, in plain tfjs with its moments as tensors: weights and gradients stay on the device.
 */
export class PlainAdam implements Optimizer {
  private readonly moments: Map<string, { first: tf.Variable; second: tf.Variable }>;
  private steps = 0;

  constructor(
    private readonly parameters: Record<string, tf.Variable>,
    private readonly settings: AdamSettings,
  ) {
    const zeros = (like: tf.Tensor) => tf.variable(tf.zerosLike(like), false);
    this.moments = new Map(
      Object.entries(parameters).map(([name, p]) => [name, { first: zeros(p), second: zeros(p) }]),
    );
  }

  step(gradients: Record<string, tf.Tensor>, learningRate: number): number {
    const { beta1, beta2, epsilon, maxGradNorm } = this.settings;
    const norm = tf.tidy(
      () => tf.sqrt(tf.addN(Object.values(gradients).map((g) => tf.sum(tf.square(g))))).dataSync()[0],
    );
    if (!Number.isFinite(norm)) return norm;
    this.steps++;
    const factor = maxGradNorm === null ? 1 : Math.min(1, maxGradNorm / (norm + 1e-6));
    const rate = learningRate / (1 - beta1 ** this.steps);
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    tf.tidy(() => {
      for (const [name, gradient] of Object.entries(gradients)) {
        const { first, second } = this.moments.get(name) as { first: tf.Variable; second: tf.Variable };
        const clipped = tf.mul(gradient, factor);
        first.assign(tf.add(tf.mul(first, beta1), tf.mul(clipped, 1 - beta1)));
        second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(clipped), 1 - beta2)));
        const scale = tf.add(tf.div(tf.sqrt(second), correction), epsilon);
        const weights = this.parameters[name];
        weights.assign(tf.sub(weights, tf.mul(tf.div(first, scale), rate)));
      }
    });
    return norm;
  }

  state(): { steps: number; moments: ReadonlyMap<string, Moments> } {
    const read = (t: tf.Tensor) => t.dataSync() as Float32Array;
    const moments = [...this.moments].map(
      ([name, { first, second }]) => [name, { first: read(first), second: read(second) }] as const,
    );
    return { steps: this.steps, moments: new Map(moments) };
  }

  restore(state: { steps: number; moments: ReadonlyMap<string, Moments> }): void {
    this.steps = state.steps;
    for (const [name, { first, second }] of state.moments) {
      const own = this.moments.get(name);
      if (!own || own.first.size !== first.length) throw new Error(`no parameter "${name}" of that size`);
      tf.tidy(() => {
        own.first.assign(tf.tensor(first, own.first.shape));
        own.second.assign(tf.tensor(second, own.second.shape));
      });
    }
  }
}
