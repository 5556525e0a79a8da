import * as tf from '@tensorflow/tfjs-core';

type Gradients = Record<string, () => tf.Tensor>;

/**
 * Derivatives of what joins tensors and takes them apart: concat and stack give to each its part of dy, split
 * and unstack join theirs.
 */
export const joiningGradients: tf.GradConfig[] = [
  {
    kernelName: 'Concat',
    saveAllInputs: true,
    gradFunc(dy, inputs, attrs) {
      const [axis] = tf.util.parseAxisParam((attrs as { axis: number }).axis, inputs[0].shape);
      const sizes = inputs.map((x) => x.shape[axis]);
      return perInput(tf.split(dy as tf.Tensor, sizes, axis));
    },
  },
  {
    kernelName: 'Pack',
    saveAllInputs: true,
    gradFunc: (dy, _inputs, attrs) => perInput(tf.unstack(dy as tf.Tensor, (attrs as { axis: number }).axis)),
  },
  {
    kernelName: 'SplitV',
    gradFunc: (dys, _saved, attrs) => ({
      x: () => tf.concat(asList(dys), (attrs as { axis: number }).axis),
    }),
  },
  {
    kernelName: 'Unpack',
    gradFunc: (dys, _saved, attrs) => ({
      value: () => tf.stack(asList(dys), (attrs as { axis: number }).axis),
    }),
  },
];

/** tfjs hands a single output's gradient without a list. */
const asList = (dys: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(dys) ? dys : [dys]);

export const perInput = (gradients: tf.Tensor[]): Gradients =>
  Object.fromEntries(gradients.map((gradient, i) => [String(i), () => gradient]));
