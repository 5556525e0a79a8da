import type * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';

/**
 * @throws UserError if the tensor has another shape than its interface (architecture.ts, addon.ts) requires
 */
export function expectShape(what: string, tensor: tf.Tensor, shape: readonly number[]): void {
  if (tensor.shape.join() === shape.join()) return;
  throw new UserError(`${what} has the shape [${tensor.shape.join(', ')}], [${shape.join(', ')}] expected`);
}
