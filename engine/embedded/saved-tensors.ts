import * as tf from '@tensorflow/tfjs-core';
import { embeddedBackend } from './backend.ts';

/** What tfjs' engine has of this, of which its types say nothing. */
interface Saving {
  /** How many functions are being differentiated, one within the other. */
  state: { gradientDepth: number };
  saveTensorsForBackwardMode(tensors: tf.Tensor[]): tf.Tensor[];
}
const engine = (): Saving => tf.engine() as unknown as Saving;

/** A gradient once more, as tf.clone makes it, without an operation where none is recorded. */
export const again = (gradient: tf.Tensor): tf.Tensor =>
  engine().state.gradientDepth === 0 ? sharing(gradient) : tf.clone(gradient);

function sharing(tensor: tf.Tensor): tf.Tensor {
  const backend = embeddedBackend();
  if (!backend?.data.has(tensor.dataId)) return tf.clone(tensor);
  backend.incRef(tensor.dataId);
  return tf.engine().makeTensorFromTensorInfo(tensor, backend);
}

let isSharing = false;

/**
 * Lets tfjs save tensors for gradients without an operation for each: a step saves some forty. Its own clones
 * are recorded, for gradients of gradients, so where these are taken they stay.
 */
export function shareSavedTensors(): void {
  const saving = engine();
  if (isSharing || typeof saving.saveTensorsForBackwardMode !== 'function') return;
  isSharing = true;
  const clones = saving.saveTensorsForBackwardMode.bind(saving);
  saving.saveTensorsForBackwardMode = (tensors) => {
    if (saving.state.gradientDepth !== 1 || !embeddedBackend()) return clones(tensors);
    return tensors.map((tensor) => tf.keep(sharing(tensor)));
  };
}
