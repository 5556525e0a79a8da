// A few training steps, large enough for all threads; prints the label of the engine and a hash of the
// weights. The argument names the backend; the default is `embedded`.
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { createAdam } from '../../adam.ts';
import { openBackend } from '../../backend.ts';
import { batchTopK, decode, encode, squaredErrors, unitRows } from '../../ops.ts';
import { uniform } from '../../random.ts';

const { label } = await openBackend(process.argv[2] ?? 'embedded');
const next = uniform(1);
const random = (rows: number, columns: number) =>
  tf.tensor2d(
    Float32Array.from({ length: rows * columns }, () => next() - 0.5),
    [rows, columns],
  );
const weights = { W_enc: tf.variable(random(256, 2048)), W_dec: tf.variable(random(2048, 256)) };
const adam = createAdam(weights, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1 });
const x = random(512, 256);
for (let i = 0; i < 4; i++) {
  tf.tidy(() => {
    const { grads } = tf.variableGrads(() => {
      const { rows, norms } = unitRows(weights.W_dec);
      const z = batchTopK(encode(x, weights.W_enc, null, norms), 20);
      return tf.mean(squaredErrors(decode(z, rows), x)) as tf.Scalar;
    });
    adam.step({ W_enc: grads[weights.W_enc.name], W_dec: grads[weights.W_dec.name] }, 1e-3);
  });
}
const hash = createHash('sha256');
for (const weight of Object.values(weights)) hash.update(weight.dataSync() as Float32Array);
process.stdout.write(`${label}\n${hash.digest('hex')}\n`);
