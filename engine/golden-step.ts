import * as tf from '@tensorflow/tfjs-core';
import { createAdam } from './adam.ts';
import { batchTopK, decode, encode, squaredErrors } from './ops.ts';

const TOLERANCE = 1e-5;
/** For float32 sums of hundreds of terms of at most 1. */
const LARGE_TOLERANCE = 1e-4;
/** Computed in float64 with numpy from the formulas, the weights and the batch below. */
const EXPECTED = {
  loss: 4.308133832,
  weights: [0.831470986, 0.981664811, 0.151120008, -0.519836141],
};

/**
 * One training step on fixed numbers: encode, select, decode, gradients, clipped Adam.
 * @throws Error if the results differ from the expected ones; the backend must then not be used.
 */
export function goldenStep(): void {
  const found = step();
  const pairs = [[found.loss, EXPECTED.loss], ...found.weights.map((w, i) => [w, EXPECTED.weights[i]])];
  for (const [got, want] of pairs) expectNear(got, want, 'golden step', TOLERANCE);
}

/**
 * Checks what the golden step is too small for: a dense product of 2^26 multiply-adds (by BLAS if there is
 * one), and an elementwise operation and a sparse product that are shared among threads. A sample of the
 * results is compared with plain sums.
 * @throws Error as goldenStep.
 */
export function largeGoldenStep(): void {
  const [rows, d, latents] = [1024, 128, 512];
  tf.tidy(() => {
    // Every process that encodes waits for this step: loops take a tenth of the time of Float32Array.from.
    const wave = (shape: [number, number], step: number) => {
      const values = new Float32Array(shape[0] * shape[1]);
      for (let i = 0; i < values.length; i++) values[i] = Math.sin(step * i);
      return tf.tensor2d(values, shape);
    };
    const [x, W] = [wave([rows, d], 0.37), wave([d, latents], 0.73)];
    const h = tf.matMul(x, W);
    const negative = tf.neg(h);
    const codes = batchTopK(h, 16);
    const recon = decode(codes, tf.transpose(W));
    const [xs, Ws, hs] = [x.dataSync(), W.dataSync(), h.dataSync()];
    const [negatives, zs, recons] = [negative.dataSync(), codes.dataSync(), recon.dataSync()];
    const sum = (n: number, term: (i: number) => number) => {
      let total = 0;
      for (let i = 0; i < n; i++) total += term(i);
      return total;
    };
    // The steps share no factor with the sizes, so the sample covers every region of the results.
    for (let at = 0; at < 64; at++) {
      const [row, latent, j] = [rows - 1 - ((at * 257) % rows), (at * 37) % latents, (at * 11) % d];
      const cell = row * latents + latent;
      const dot = sum(d, (i) => xs[row * d + i] * Ws[i * latents + latent]);
      expectNear(hs[cell], dot, 'large product', LARGE_TOLERANCE);
      expectNear(negatives[cell], -hs[cell], 'threaded operation', 0);
      const rebuilt = sum(latents, (i) => zs[row * latents + i] * Ws[j * latents + i]);
      expectNear(recons[row * d + j], rebuilt, 'sparse product', LARGE_TOLERANCE);
    }
  });
}

function expectNear(got: number, want: number, what: string, tolerance: number): void {
  if (Math.abs(got - want) <= tolerance * (1 + Math.abs(want))) return;
  throw new Error(
    `backend ${tf.getBackend()} failed its ${what}: ${got} instead of ${want}; do not use it on this machine`,
  );
}

function step(): { loss: number; weights: number[] } {
  return tf.tidy(() => {
    const wave = (shape: number[], phase: number) =>
      tf.tensor(
        Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(1 + phase + 0.7 * i)),
        shape,
      );
    const W_enc = tf.variable(wave([4, 8], 0));
    const W_dec = tf.variable(wave([8, 4], 2));
    const x = wave([6, 4], 5);
    const { value, grads } = tf.variableGrads(
      () => tf.mean(squaredErrors(decode(batchTopK(encode(x, W_enc), 2.5), W_dec), x)) as tf.Scalar,
      [W_enc, W_dec],
    );
    const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 };
    const adam = createAdam({ W_enc, W_dec }, settings);
    adam.step({ W_enc: grads[W_enc.name], W_dec: grads[W_dec.name] }, 0.01);
    const weights = [...W_enc.dataSync().slice(0, 2), ...W_dec.dataSync().slice(0, 2)];
    const loss = value.dataSync()[0];
    W_enc.dispose();
    W_dec.dispose();
    return { loss, weights };
  });
}
