import * as tf from '@tensorflow/tfjs-core';

/**
 * Derivatives of gather and topk, which tfjs' own set lacks or computes with kernels that few backends have.
 * The gradient returns to the picked positions by products with 0/1 matrices.
 */
export const pickingGradients: tf.GradConfig[] = [
  {
    kernelName: 'GatherV2',
    inputsToSave: ['x', 'indices'],
    gradFunc(dy, [x, indices], attrs) {
      const { axis, batchDims } = attrs as { axis: number; batchDims: number };
      if (batchDims !== 0) throw new Error('gather with batchDims has no gradient here');
      const [along] = tf.util.parseAxisParam(axis, x.shape);
      return {
        x: () => {
          // dy as a matrix: one row per picked index, the other dimensions flattened.
          const picked = Array.from({ length: indices.rank }, (_, i) => along + i);
          const rest = Array.from({ length: x.rank - 1 }, (_, i) => (i < along ? i : i + indices.rank));
          const rows = tf.reshape(tf.transpose(dy as tf.Tensor, [...picked, ...rest]), [indices.size, -1]);
          const places = zeroOne(tf.reshape(indices, [-1]), x.shape[along]);
          const back = tf.matMul(places, rows, true, false);
          const others = x.shape.filter((_, i) => i !== along);
          const order = Array.from({ length: x.rank }, (_, i) => (i === along ? 0 : i < along ? i + 1 : i));
          return tf.transpose(tf.reshape(back, [x.shape[along], ...others]), order);
        },
        indices: () => tf.zeros(indices.shape),
      };
    },
  },
  {
    kernelName: 'TopK',
    inputsToSave: ['x'],
    outputsToSave: [false, true],
    gradFunc(dys, [x, indices]) {
      const [values] = dys as tf.Tensor[];
      return {
        x: () => {
          const places = zeroOne(indices, x.shape[x.rank - 1]);
          return tf.sum(tf.mul(places, tf.expandDims(values, -1)), -2);
        },
      };
    },
  },
];

/**
 * A float matrix [..., depth] with a 1 at each index. The cast is needed: tfjs' wasm backend writes integers
 * into a oneHot of floats.
 */
function zeroOne(indices: tf.Tensor, depth: number): tf.Tensor {
  return tf.cast(tf.oneHot(tf.cast(indices, 'int32'), depth), 'float32');
}
