import * as tf from '@tensorflow/tfjs-core';
import { openClBackend } from './opencl/backend.ts';
import { presentValue, type StepNumber } from './step-numbers.ts';

/** A number of a step as a factor for tfjs: the number, or on a device that has it a scalar there. */
export function factorOf(value: StepNumber): number | tf.Tensor {
  const backend = openClBackend();
  if (typeof value === 'number' || !backend) return presentValue(value);
  const { numbers, place } = value.place((number) => number);
  const out = backend.make([]);
  backend.device.rows('movement', 'number_at', 1, [numbers, place, backend.buffer(out)]);
  return tf.engine().makeTensorFromTensorInfo(out, backend);
}
