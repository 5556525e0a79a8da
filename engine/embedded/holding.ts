import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';

/** A tensor with the data that it has now: a variable has others once a step has assigned them. */
export const presentOf = ({ dataId, shape, dtype }: TensorInfo): TensorInfo => ({ dataId, shape, dtype });

/** Keeps the data of these tensors until `letGo`, which must find them: no variables (`presentOf`). */
export function hold(backend: EmbeddedBackend, tensors: readonly TensorInfo[]): void {
  for (const { dataId } of tensors) backend.incRef(dataId);
}

export function letGo(backend: EmbeddedBackend, tensors: readonly TensorInfo[]): void {
  for (const { dataId } of tensors)
    if (backend.disposeData(dataId)) tf.engine().removeDataId(dataId, backend);
}
