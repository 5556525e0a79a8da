import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from './backend.ts';
import { timeStep } from './time-step.ts';

it('times a training step, and leaves nothing behind', async () => {
  await openBackend('embedded');
  const { numTensors } = tf.memory();
  expect(timeStep()).toBeGreaterThan(0);
  expect(tf.memory().numTensors).toBe(numTensors);
});
