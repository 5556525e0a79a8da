import * as tf from '@tensorflow/tfjs-core';
import { type EmbeddedBackend, embeddedBackend } from '../embedded/backend.ts';
import { compute } from '../kernel.ts';
import * as plain from './plain.ts';

const KERNEL = 'UnitRows';
/** Lower bound of the norms, so that a row of zeros does not divide by 0. */
const LEAST_NORM = 1e-8;

/**
 * The rows of W [rows, n] divided by their norms, and the norms [rows], each at least 1e-8. One pass over W,
 * and one for both gradients. Plain: `tf.maximum(rowNorms(W), 1e-8)` and `tf.div(W, norms as a column)`.
 */
export function unitRows(W: tf.Tensor): { rows: tf.Tensor; norms: tf.Tensor } {
  if (!embeddedBackend()) return plain.unitRows(W);
  register();
  const [rows, norms] = tf.engine().runKernel(KERNEL, { W }) as unknown as tf.Tensor[];
  return { rows, norms };
}

function register(): void {
  if (tf.getKernel(KERNEL, 'embedded')) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName: 'embedded',
    kernelFunc({ inputs, backend }) {
      const { W } = inputs as { W: tf.TensorInfo };
      const own = backend as EmbeddedBackend;
      const [count, n] = W.shape;
      const [rows, norms] = [own.make(W.shape), own.make([count])];
      const [from, to, normsAt] = [W, rows, norms].map((t) => own.numbers(t).byteOffset);
      own.pool.run('unitRows', count, n, from, n, LEAST_NORM, to, normsAt);
      return [rows, norms];
    },
  });
  tf.registerGradient({
    kernelName: KERNEL,
    outputsToSave: [true, true],
    gradFunc(dys, saved) {
      const inputs = [...saved, ...(dys as tf.Tensor[])];
      const [count, n] = saved[0].shape as [number, number];
      return {
        W: () =>
          compute(
            inputs,
            [count, n],
            (out, ...arrays) => {
              const [rows, norms, drows, dnorms] = arrays.map((array) => array.byteOffset);
              const { pool } = embeddedBackend() as EmbeddedBackend;
              pool.run(
                'unitRowsGradient',
                count,
                n,
                rows,
                norms,
                drows,
                dnorms,
                n,
                LEAST_NORM,
                out.byteOffset,
              );
            },
            { zeros: false },
          ),
      };
    },
  });
}
