import * as tf from '@tensorflow/tfjs-core';
import { compute } from '../kernel.ts';

/**
 * JumpReLU: h where h > theta, else 0; h [batch, d_sae], theta [d_sae]. Gradient to h: 1 where h > theta.
 * Gradient to theta: -(theta / bandwidth) where |h - theta| < bandwidth / 2, the rectangle kernel's
 * straight-through estimate. Source: Rajamanoharan et al. 2024, "Jumping Ahead", arXiv 2407.14435, equations
 * 10 and 11.
 */
export function jumpRelu(h: tf.Tensor, theta: tf.Tensor, bandwidth: number): tf.Tensor {
  return gated(h, theta, bandwidth, { value: (x) => x, toH: 1, toTheta: (t) => t });
}

/**
 * [h > theta] as 0 or 1, whose sum is the L0. No gradient to h; to theta: -1 / bandwidth within the
 * rectangle. Source: as jumpRelu, equation 12.
 */
export function stepCount(h: tf.Tensor, theta: tf.Tensor, bandwidth: number): tf.Tensor {
  return gated(h, theta, bandwidth, { value: () => 1, toH: 0, toTheta: () => 1 });
}

interface Gate {
  value(h: number): number;
  toH: number;
  toTheta(theta: number): number;
}

function gated(h: tf.Tensor, theta: tf.Tensor, bandwidth: number, gate: Gate): tf.Tensor {
  const columns = theta.size;
  return tf.customGrad((x, threshold, save) => {
    const [a, t] = [x as tf.Tensor, threshold as tf.Tensor];
    (save as tf.GradSaveFunc)([a, t]);
    const value = compute([a, t], h.shape, (out, hs, thetas) => {
      for (let i = 0; i < out.length; i++) out[i] = hs[i] > thetas[i % columns] ? gate.value(hs[i]) : 0;
    });
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => [
      compute([dy, saved[0], saved[1]], h.shape, (out, d, hs, thetas) => {
        for (let i = 0; i < out.length; i++) out[i] = hs[i] > thetas[i % columns] ? gate.toH * d[i] : 0;
      }),
      compute([dy, saved[0], saved[1]], theta.shape, (out, d, hs, thetas) => {
        for (let i = 0; i < d.length; i++) {
          const j = i % columns;
          if (Math.abs((hs[i] - thetas[j]) / bandwidth) < 0.5)
            out[j] -= (d[i] * gate.toTheta(thetas[j])) / bandwidth;
        }
      }),
    ];
    return { value, gradFunc };
  })(h, theta);
}
