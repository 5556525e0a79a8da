import * as tf from '@tensorflow/tfjs-core';

type Gradients = Record<string, () => tf.Tensor>;

/**
 * Derivatives of operations that join and split tensors: those of concat and stack split dy among the inputs,
 * those of split and unstack join the gradients of the outputs.
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

/** tfjs passes the gradient of a single output as a tensor, not as a list. */
const asList = (dys: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(dys) ? dys : [dys]);

export const perInput = (gradients: tf.Tensor[]): Gradients =>
  Object.fromEntries(gradients.map((gradient, i) => [String(i), () => gradient]));
