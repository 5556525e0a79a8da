import * as tf from '@tensorflow/tfjs-core';
import { adamStep, type Update } from './embedded/adam.ts';
import { embeddedBackend, embeddedFor } from './embedded/backend.ts';
import { total } from './embedded/reductions.ts';
import { lastingZeros, numbers } from './kernel.ts';
import { DeviceAdam } from './opencl/adam.ts';
import { openClBackend } from './opencl/backend.ts';
import { currentForm } from './operation.ts';
import type { AdamSettings, Moments, Optimizer } from './optimizer.ts';
import { PlainAdam } from './plain-adam.ts';

/** Creates Adam in the form that the backend in use takes. */
export function createAdam(parameters: Record<string, tf.Variable>, settings: AdamSettings): Optimizer {
  const device = openClBackend();
  if (currentForm() === 'device' && device) return new DeviceAdam(parameters, settings, device);
  return currentForm() === 'plain' ? new PlainAdam(parameters, settings) : new Adam(parameters, settings);
}

/**
 * Adam with bias correction and without weight decay, after the clipping of the global norm, in one pass over
 * plain arrays. The clipping factor is min(1, max / (norm + 1e-6)), as in torch.nn.utils.clip_grad_norm_.
 * Source: Kingma & Ba 2015, arXiv 1412.6980; update written as PyTorch's.
 */
class Adam implements Optimizer {
  private readonly moments = new Map<string, Moments>();
  private steps = 0;

  constructor(
    private readonly parameters: Record<string, tf.Variable>,
    private readonly settings: AdamSettings,
  ) {
    for (const [name, variable] of Object.entries(parameters)) {
      this.moments.set(name, {
        first: lastingZeros(variable.size),
        second: lastingZeros(variable.size),
      });
    }
  }

  step(gradients: Record<string, tf.Tensor>, learningRate: number): number {
    const { beta1, beta2, epsilon, maxGradNorm } = this.settings;
    const norm = globalNorm(Object.values(gradients));
    if (!Number.isFinite(norm)) return norm;
    this.steps++;
    const update: Update = {
      factor: maxGradNorm === null ? 1 : Math.min(1, maxGradNorm / (norm + 1e-6)),
      beta1,
      beta2,
      rate: learningRate / (1 - beta1 ** this.steps),
      correction: Math.sqrt(1 - beta2 ** this.steps),
      epsilon,
    };
    for (const [name, gradient] of Object.entries(gradients)) {
      const variable = this.parameters[name];
      const moments = this.moments.get(name) as Moments;
      const embedded = embeddedBackend();
      const updated = embedded
        ? adamStep(embedded, variable, gradient, moments, update)
        : plainStep(variable, gradient, moments, update);
      variable.assign(updated);
      updated.dispose();
    }
    return norm;
  }

  state(): { steps: number; moments: ReadonlyMap<string, Moments> } {
    return { steps: this.steps, moments: this.moments };
  }

  restore(state: { steps: number; moments: ReadonlyMap<string, Moments> }): void {
    this.steps = state.steps;
    for (const [name, { first, second }] of state.moments) {
      const own = this.moments.get(name);
      if (!own || own.first.length !== first.length) throw new Error(`no parameter "${name}" of that size`);
      own.first.set(first);
      own.second.set(second);
    }
  }
}

/** The definition of the embedded `adam` kernel. */
function plainStep(
  variable: tf.Tensor,
  gradient: tf.Tensor,
  { first, second }: Moments,
  { factor, beta1, beta2, rate, correction, epsilon }: Update,
): tf.Tensor {
  const weights = Float32Array.from(numbers(variable));
  const g = numbers(gradient);
  for (let i = 0; i < weights.length; i++) {
    const clipped = g[i] * factor;
    const m = beta1 * first[i] + (1 - beta1) * clipped;
    const v = beta2 * second[i] + (1 - beta2) * clipped * clipped;
    first[i] = m;
    second[i] = v;
    weights[i] -= (rate * m) / (Math.sqrt(v) / correction + epsilon);
  }
  return tf.tensor(weights, variable.shape);
}

function globalNorm(gradients: readonly tf.Tensor[]): number {
  let sum = 0;
  for (const gradient of gradients) {
    const g = numbers(gradient);
    const embedded = embeddedFor(g);
    if (embedded) sum += total('squaresOfRows', g, embedded);
    else for (let i = 0; i < g.length; i++) sum += g[i] * g[i];
  }
  return Math.sqrt(sum);
}
