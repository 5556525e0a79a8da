import * as tf from '@tensorflow/tfjs-core';
import { createAdam } from './adam.ts';
import { batchTopK, decode, encode, squaredErrors } from './ops.ts';

const TOLERANCE = 1e-5;
/** Computed in float64 with numpy from the formulas, the weights and the batch below. */
const EXPECTED = {
  loss: 4.308133832,
  weights: [0.831470986, 0.981664811, 0.151120008, -0.519836141],
};

/**
 * One training step on fixed numbers: encode, select, decode, gradients, clipped Adam.
 * @throws Error when the backend's numbers are not the expected ones: it must not be used.
 */
export function goldenStep(): void {
  const found = step();
  const pairs = [[found.loss, EXPECTED.loss], ...found.weights.map((w, i) => [w, EXPECTED.weights[i]])];
  for (const [got, want] of pairs) {
    if (Math.abs(got - want) <= TOLERANCE * (1 + Math.abs(want))) continue;
    throw new Error(
      `backend ${tf.getBackend()} failed its golden step: ${got} where ${want} is right; do not use it here`,
    );
  }
}

export function step(): { loss: number; weights: number[] } {
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
