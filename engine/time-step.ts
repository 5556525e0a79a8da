import * as tf from '@tensorflow/tfjs-core';
import { createAdam } from './adam.ts';
import { batchTopK, decode, encode, squaredErrors } from './ops.ts';

/** Between the small world and full size: large enough that a step is more than its launches. */
const [ROWS, D, LATENTS, K] = [1024, 256, 2048, 16];
const [WARM_UP, STEPS] = [2, 3];

/** Milliseconds of a training step on the backend in use: the fastest of a few, after kernels were built. */
export function timeStep(): number {
  const wave = (rows: number, columns: number, step: number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(step * i)),
      [rows, columns],
    );
  const [x, W_enc, W_dec] = tf.tidy(() => [
    tf.keep(wave(ROWS, D, 0.37)),
    tf.variable(wave(D, LATENTS, 0.73)),
    tf.variable(wave(LATENTS, D, 0.11)),
  ]);
  const weights = { W_enc: W_enc as tf.Variable, W_dec: W_dec as tf.Variable };
  const adam = createAdam(weights, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 });
  const step = (): number => {
    const began = performance.now();
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () =>
          tf.mean(
            squaredErrors(decode(batchTopK(encode(x, weights.W_enc), K), weights.W_dec), x),
          ) as tf.Scalar,
        Object.values(weights),
      );
      adam.step({ W_enc: grads[weights.W_enc.name], W_dec: grads[weights.W_dec.name] }, 1e-3);
      // The device has to finish.
      value.dataSync();
    });
    return performance.now() - began;
  };
  const times = Array.from({ length: WARM_UP + STEPS }, step).slice(WARM_UP);
  tf.dispose([x, W_enc, W_dec]);
  return Math.min(...times);
}
