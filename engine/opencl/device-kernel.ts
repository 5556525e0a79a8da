import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';

/** An operation of ours on the device, as tfjs' tape takes it. */
interface Definition<Attributes> {
  name: string;
  /** How many of its outputs its gradients need, after the inputs in `saved`. */
  savedOutputs: number;
  run(inputs: tf.TensorInfo[], attributes: Attributes, backend: OpenClBackend): tf.TensorInfo[];
  /** A gradient of each input, called only where it is asked for. */
  gradients(
    dys: tf.Tensor[],
    saved: tf.Tensor[],
    attributes: Attributes,
    backend: OpenClBackend,
  ): (() => tf.Tensor)[];
}

/** The function that runs the operation on the backend in use. */
export function deviceKernel<Attributes extends object>({
  name,
  savedOutputs,
  run,
  gradients,
}: Definition<Attributes>): (inputs: tf.Tensor[], attributes: Attributes) => tf.Tensor[] {
  const backendNow = () => tf.backend() as OpenClBackend;
  const register = () => {
    if (tf.getKernel(name, 'opencl')) return;
    tf.registerKernel({
      kernelName: name,
      backendName: 'opencl',
      kernelFunc: ({ inputs, attrs, backend }) =>
        run(Object.values(inputs) as tf.TensorInfo[], attrs as Attributes, backend as OpenClBackend),
    });
    tf.registerGradient({
      kernelName: name,
      saveAllInputs: true,
      outputsToSave: new Array<boolean>(savedOutputs).fill(true),
      gradFunc(dy, saved, attrs) {
        // tfjs passes the gradient of a single output as a tensor, not as a list.
        const dys = Array.isArray(dy) ? dy : [dy];
        const all = gradients(dys, saved, attrs as unknown as Attributes, backendNow());
        return Object.fromEntries(all.map((gradient, i) => [String(i), gradient]));
      },
    });
  };
  return (inputs, attributes) => {
    register();
    const named = inputs as unknown as tf.NamedTensorMap;
    const result = tf.engine().runKernel(name, named, attributes as tf.NamedAttrMap) as
      | tf.Tensor
      | tf.Tensor[];
    return Array.isArray(result) ? result : [result];
  };
}
