// A program that computes on all threads and then ends as its argument says: `end`, `throw`, or `wait` for a
// signal.
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../../backend.ts';

await openBackend('embedded');
const x = tf.ones([512, 512]);
const y = tf.matMul(tf.add(x, x), x);
process.stdout.write(`${y.dataSync()[0]}\n`);
if (process.argv[2] === 'throw') throw new Error('as told');
if (process.argv[2] === 'wait') setInterval(() => tf.dispose(tf.mul(y, 2)), 1);
