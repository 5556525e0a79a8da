import * as tf from '@tensorflow/tfjs-core';
import { embeddedFor } from '../embedded/backend.ts';
import { compute, computeAll } from '../kernel.ts';

/** |a_i - b_i|² of every sample, [batch]; a and b [batch, d]. Plain: `tf.sum(tf.square(tf.sub(a, b)), 1)`. */
export function squaredErrors(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [rows, columns] = a.shape;
  return tf.customGrad((left, right, save) => {
    const inputs = [left as tf.Tensor, right as tf.Tensor];
    (save as tf.GradSaveFunc)(inputs);
    return {
      value: compute(inputs, [rows], (out, x, y) => {
        const embedded = embeddedFor(out, x, y);
        if (embedded) {
          const [xAt, yAt, outAt] = [x, y, out].map((view) => view.byteOffset);
          embedded.pool.run('squaredErrors', rows, columns, xAt, yAt, columns, outAt);
          return;
        }
        for (let i = 0, at = 0; i < rows; i++) {
          let sum = 0;
          for (const end = at + columns; at < end; at++) sum += (x[at] - y[at]) * (x[at] - y[at]);
          out[i] = sum;
        }
      }),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        computeAll(
          [dy, ...saved],
          [a.shape, b.shape],
          ([da, db], [d, x, y]) => {
            const embedded = embeddedFor(da, db, d, x, y);
            if (embedded) {
              const [dAt, xAt, yAt, daAt, dbAt] = [d, x, y, da, db].map((view) => view.byteOffset);
              embedded.pool.run('squaredErrorsGradients', rows, columns, dAt, xAt, yAt, columns, daAt, dbAt);
              return;
            }
            for (let i = 0, at = 0; i < rows; i++) {
              const factor = 2 * d[i];
              for (const end = at + columns; at < end; at++) {
                da[at] = factor * (x[at] - y[at]);
                db[at] = -da[at];
              }
            }
          },
          { zeros: false },
        ),
    };
  })(a, b);
}
