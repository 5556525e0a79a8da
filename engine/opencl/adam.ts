import * as tf from '@tensorflow/tfjs-core';
import type { AdamSettings, Moments, Optimizer } from '../optimizer.ts';
import type { OpenClBackend } from './backend.ts';
import type { DeviceBuffer } from './buffers.ts';
import { partsOf } from './reductions.ts';

/** The moments of one parameter on the device. */
type OnDevice = Record<keyof Moments, DeviceBuffer>;

/**
 * Adam as in adam.ts, on the device: the norm of all gradients is made there, and one pass over each
 * parameter clips its gradient and updates it. That norm is all that is read back.
 */
export class DeviceAdam implements Optimizer {
  private readonly moments: Map<string, OnDevice>;
  private steps = 0;

  constructor(
    private readonly parameters: Record<string, tf.Variable>,
    private readonly settings: AdamSettings,
    private readonly backend: OpenClBackend,
  ) {
    const zeros = (size: number) => {
      const buffer = backend.device.allocate(size);
      backend.device.each('elementwise', 'fill', size, [buffer, size, 0]);
      return buffer;
    };
    this.moments = new Map(
      Object.entries(parameters).map(([name, { size }]) => [
        name,
        { first: zeros(size), second: zeros(size) },
      ]),
    );
  }

  step(gradients: Record<string, tf.Tensor>, learningRate: number): number {
    const { backend } = this;
    const norm = this.normOf(Object.values(gradients));
    for (const [name, gradient] of Object.entries(gradients)) this.update(name, gradient, norm, learningRate);
    const value = new Float32Array(1);
    backend.device.read([[norm, value]]);
    backend.device.release(norm);
    // The kernel changed nothing where the norm is not finite.
    if (Number.isFinite(value[0])) this.steps++;
    return value[0];
  }

  private normOf(gradients: readonly tf.Tensor[]): DeviceBuffer {
    const { device } = this.backend;
    const blocks = gradients.map(({ size }) => partsOf(size));
    const count = blocks.reduce((sum, { parts }) => sum + parts, 0);
    const squares = device.allocate(count);
    let at = 0;
    for (const [i, gradient] of gradients.entries()) {
      const { parts, each } = blocks[i];
      const args = [this.backend.buffer(gradient), squares, gradient.size, each, at];
      device.rows('reductions', 'squares_of_blocks', parts, args);
      at += parts;
    }
    const norm = device.allocate(1);
    device.rows('fused', 'norm_of_squares', 1, [squares, norm, count]);
    device.release(squares);
    return norm;
  }

  private update(name: string, gradient: tf.Tensor, norm: DeviceBuffer, learningRate: number): void {
    const { beta1, beta2, epsilon, maxGradNorm } = this.settings;
    const { backend } = this;
    const { first, second } = this.moments.get(name) as OnDevice;
    const weights = this.parameters[name];
    const step = this.steps + 1;
    const out = backend.make(weights.shape);
    const [from, slope, to] = [weights, gradient, out].map((tensor) => backend.buffer(tensor));
    const decays = [beta1, beta2, 1 - beta1, 1 - beta2];
    const rates = [learningRate / (1 - beta1 ** step), Math.sqrt(1 - beta2 ** step), epsilon];
    const args = [from, slope, first, second, to, weights.size, norm, maxGradNorm ?? -1, ...decays, ...rates];
    backend.device.each('fused', 'adam', weights.size, args);
    const updated = tf.engine().makeTensorFromTensorInfo(out, backend);
    weights.assign(updated);
    updated.dispose();
  }

  state(): { steps: number; moments: ReadonlyMap<string, Moments> } {
    const moments = [...this.moments].map(([name, own]) => {
      const { size } = this.parameters[name];
      const read = { first: new Float32Array(size), second: new Float32Array(size) };
      this.backend.device.read([
        [own.first, read.first],
        [own.second, read.second],
      ]);
      return [name, read] as const;
    });
    return { steps: this.steps, moments: new Map(moments) };
  }

  restore(state: { steps: number; moments: ReadonlyMap<string, Moments> }): void {
    this.steps = state.steps;
    for (const [name, { first, second }] of state.moments) {
      const own = this.moments.get(name);
      if (!own || this.parameters[name].size !== first.length) {
        throw new Error(`no parameter "${name}" of that size`);
      }
      this.backend.device.write(own.first, first);
      this.backend.device.write(own.second, second);
    }
  }
}
