import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { numbers } from '#engine/kernel';
import { decode } from '#engine/ops';
import { dotsAt } from '#engine/products';
import { csrOf, sparseTensor } from '#engine/sparse';
import { type CodedBatch, defineAddon } from '../addon.ts';

/**
 * Leave-one-out refinement: a latent stays active only if it explains something that the others do not. With
 * the residual r = x - (z·W_dec + b_dec), score_i = r·d_i + z_i |d_i|² is the projection on d_i of the
 * residual without latent i. z_i is kept where score_i > tau (for a negative z_i, where -score_i > tau). One
 * pass; values do not change.
 * Source: a comment on the published experiment (F1 0.989 there; it removes about a third of the active
 * latents).
 */
export default defineAddon({
  setting: 'leave_one_out',
  /** Its fields. */
  config: z.strictObject({
    /**
     * Least score of a latent that stays active, in the units of x: half of a feature's usual magnitude, for
     * example.
     */
    tau: z.number().default(0),
  }),

  apply({ x, codes, W_dec, b_dec }: CodedBatch, { tau }) {
    const residual = tf.sub(x, tf.add(decode(codes, W_dec), b_dec));
    const active = csrOf(codes);
    const [d_sae, d_in] = W_dec.shape;
    const [r, decoder] = [residual, W_dec].map(numbers);
    const norms = new Float32Array(d_sae);
    for (let i = 0; i < d_sae; i++) {
      let sum = 0;
      for (let j = i * d_in; j < (i + 1) * d_in; j++) sum += decoder[j] * decoder[j];
      norms[i] = sum;
    }
    const dots = dotsAt(active, [r], decoder, d_in);
    const offsets = new Uint32Array(active.rows + 1);
    const indices = new Uint32Array(dots.length);
    const values = new Float32Array(dots.length);
    let kept = 0;
    for (let row = 0; row < active.rows; row++) {
      for (let at = active.offsets[row]; at < active.offsets[row + 1]; at++) {
        const [latent, value] = [active.indices[at], active.values[at]];
        if (!(Math.sign(value) * (dots[at] + value * norms[latent]) > tau)) continue;
        indices[kept] = latent;
        values[kept++] = value;
      }
      offsets[row + 1] = kept;
    }
    const left = {
      rows: active.rows,
      offsets,
      indices: indices.slice(0, kept),
      values: values.slice(0, kept),
    };
    return sparseTensor(left, d_sae);
  },
});
