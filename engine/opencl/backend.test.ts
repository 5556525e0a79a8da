import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAdam } from '../adam.ts';
import { openBackend } from '../backend.ts';
import { batchTopK, decode, decodeBands, detach, encode, squaredErrors, unitRows } from '../ops.ts';
import { uniform } from '../random.ts';
import { openClBackend } from './backend.ts';
import type { Device } from './device.ts';
import { fallbacks } from './fallbacks.ts';
import { noDevice } from './testing/here.ts';

const [batch, d, latents] = [96, 24, 160];
const bandOf = Uint8Array.from({ length: latents }, (_, i) => (i < 40 ? 0 : i % 5 === 0 ? 5 : 1 + (i % 4)));

function draw(seed: number, ...shape: number[]): tf.Tensor {
  const next = uniform(seed);
  const size = shape.reduce((a, b) => a * b);
  return tf.tensor(
    Float32Array.from({ length: size }, () => next() - 0.5),
    shape,
  );
}

function weightsNow() {
  // The variables have their own values: the initial tensors can be disposed of.
  return tf.tidy(() => ({
    W_enc: tf.variable(draw(1, d, latents)),
    W_dec: tf.variable(draw(2, latents, d)),
    b: tf.variable(tf.zeros([latents])),
  }));
}

/** A refined, banded autoencoder, with more bands than a launch takes. */
function lossOf({ W_enc, W_dec, b }: ReturnType<typeof weightsNow>, x: tf.Tensor): tf.Scalar {
  const { rows, norms } = unitRows(W_dec);
  const first = batchTopK(encode(x, W_enc, b, norms), 5);
  const input = tf.add(x, tf.mul(tf.sub(x, decode(first, rows)), 0.3));
  const bands = decodeBands(batchTopK(encode(input, W_enc, b, norms), 5), rows, bandOf, 6);
  const errors = bands.map((_, i) => {
    const inner = i === 0 ? [] : [detach(tf.addN(bands.slice(0, i)))];
    const recon = tf.addN([...inner, bands[i]]);
    const error = squaredErrors(recon, x);
    const weights = tf.softmax(tf.div(detach(error), tf.mean(error)) as tf.Tensor1D);
    return tf.sum(tf.mul(weights, error));
  });
  return tf.addN(errors) as tf.Scalar;
}

describe.skipIf(noDevice)('the OpenCL backend', () => {
  let device: Device;

  beforeAll(async () => {
    await openBackend('opencl');
    device = openClBackend()?.device as Device;
  });

  async function trained(steps: number, group: number, during: () => void = () => {}, on = 'opencl') {
    await openBackend(on);
    device.group = group;
    const weights = weightsNow();
    const adam = createAdam(weights, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 });
    const losses: tf.Scalar[] = [];
    for (let step = 0; step < steps; step++) {
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => lossOf(weights, draw(10 + step, batch, d)));
        const byName = Object.entries(weights).map(([name, { name: id }]) => [name, grads[id]] as const);
        during();
        adam.step(Object.fromEntries(byName), 0.01);
        losses.push(tf.keep(value));
      });
    }
    device.group = 256;
    const numbers = Object.values(weights).map((w) => w.dataSync() as Float32Array);
    const of = losses.map((loss) => loss.dataSync()[0]);
    tf.dispose(losses);
    tf.dispose(weights);
    return { numbers, losses: of };
  }

  it('trains to the same bits each time and in groups of every size, and as embedded does', async () => {
    const one = await trained(6, 256);
    for (const group of [64, 128, 256]) expect(await trained(6, group), `groups of ${group}`).toEqual(one);
    const { losses } = await trained(6, 256, () => {}, 'embedded');
    for (const [step, loss] of losses.entries())
      expect(Math.abs(one.losses[step] / loss - 1), `step ${step}`).toBeLessThan(1e-4);
    expect(new Set(losses.map((loss) => loss.toFixed(1))).size).toBe(6);
  });

  it('reads nothing back in forward pass and gradients, and of the optimiser one norm', async () => {
    const at: number[] = [];
    await trained(4, 256, () => at.push(device.counts.bytesRead));
    // From one step's gradients to the next: its norm, the forward pass and the gradients of the next.
    // What a step watches is one record of 64 numbers.
    expect(at.slice(1).map((bytes, i) => bytes - at[i])).toEqual([256, 256, 256]);
  });

  it('leaves no memory of the device behind', async () => {
    await trained(1, 256);
    const { used } = device.pool.bytes;
    const x = draw(3, batch, d);
    const weights = weightsNow();
    for (let i = 0; i < 3; i++) {
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => lossOf(weights, x));
        return [value, ...Object.values(grads)].map((t) => t.dataSync());
      });
    }
    x.dispose();
    tf.dispose(weights);
    expect(device.pool.bytes.used).toBe(used);
  });

  it('computes what it has no kernel for on the CPU, and counts that', () => {
    const x = draw(4, 3, 70);
    const before = fallbacks().Cumsum ?? 0;
    const sums = tf.cumsum(tf.add(x, 1), 1);
    const plain = tf.cumsum(tf.tensor(tf.add(x, 1).dataSync(), x.shape), 1);
    expect([...sums.dataSync()]).toEqual([...plain.dataSync()]);
    tf.cumsum(tf.add(x, 2), 1).dispose();
    expect(fallbacks().Cumsum).toBe(before + 2);
  });

  it('is passed over by `auto` where the device is a CPU', async () => {
    const { gpu, label } = await openBackend('opencl');
    if (gpu) return;
    expect(label).toContain('in software');
    const { name, why } = await openBackend();
    expect(name).not.toBe('opencl');
    expect(why).toMatch(/opencl: (its only device is a CPU|no GPU is here)/);
  });
});
