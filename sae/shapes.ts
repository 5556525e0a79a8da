import type * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';

/** @throws UserError naming what has another shape than the interface (architecture.ts, addon.ts) says. */
export function holdShape(what: string, tensor: tf.Tensor, shape: readonly number[]): void {
  if (tensor.shape.join() === shape.join()) return;
  throw new UserError(`${what} has the shape [${tensor.shape.join(', ')}], [${shape.join(', ')}] expected`);
}
