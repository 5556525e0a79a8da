import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddedBackend } from './backend.ts';

/** Keeps the data of these tensors until `letGo`. */
export function hold(backend: EmbeddedBackend, tensors: readonly TensorInfo[]): void {
  for (const { dataId } of tensors) backend.incRef(dataId);
}

export function letGo(backend: EmbeddedBackend, tensors: readonly TensorInfo[]): void {
  for (const { dataId } of tensors)
    if (backend.disposeData(dataId)) tf.engine().removeDataId(dataId, backend);
}
