import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openBackend } from './backend.ts';
import { largeGoldenStep } from './golden-step.ts';

it.each([
  ['BatchMatMul', 'large product'],
  ['Neg', 'threaded operation'],
])('finds a %s that is wrong in its last rows only', async (name, what) => {
  await openBackend('embedded');
  const right = tf.getKernel(name, 'embedded');
  tf.unregisterKernel(name, 'embedded');
  tf.registerKernel({
    ...right,
    kernelFunc(args) {
      const out = right.kernelFunc(args) as tf.TensorInfo;
      const values = (
        args.backend as tf.DataStorage<never> & { readSync(id: object): Float32Array }
      ).readSync(out.dataId);
      return tf.tensor(
        values.map((v, at) => (at > 0.9 * values.length ? v + 1 : v)),
        out.shape,
      );
    },
  });
  try {
    expect(() => largeGoldenStep()).toThrow(`backend embedded failed its ${what}`);
  } finally {
    tf.unregisterKernel(name, 'embedded');
    tf.registerKernel(right);
  }
});
