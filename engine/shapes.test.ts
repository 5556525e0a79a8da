import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from './backend.ts';
import { devicesHere } from './opencl/testing/devices-here.ts';
import { type Form, useForm } from './operation.ts';
import * as ops from './ops.ts';

// Without the check a kernel would read other tensors' numbers, and plain tfjs would broadcast an operand
// that is too small.
describe.each<[Form, string]>([
  ['kernels', 'embedded'],
  ['plain', 'cpu'],
  ...devicesHere.map((name): [Form, string] => ['device', name]),
])('named operations, in the form %s on %s, refuse', (form, backend) => {
  beforeAll(async () => {
    await openBackend(backend);
    useForm(form);
  });

  const h = () => tf.ones([10, 64]);
  const bandOf = (length: number, band = 0) => new Uint8Array(length).fill(band);

  it.each<[string, () => unknown, string]>([
    [
      'a scale that is one number',
      () => ops.encode(h(), tf.ones([64, 128]), null, tf.scalar(2)),
      'encode: scale has the shape [], not [d_sae = 128]',
    ],
    [
      'a bias of the wrong width',
      () => ops.encode(h(), tf.ones([64, 128]), tf.ones([64])),
      'encode: b has the shape [64], not [d_sae = 128]',
    ],
    [
      'what is no batch',
      () => ops.topK(tf.ones([2, 3, 4]), 2),
      'topK: h has the shape [2,3,4], not [batch, d_sae]',
    ],
    [
      'marks of other latents',
      () => ops.largestAmong(h(), 2, bandOf(63)),
      'largestAmong: among has the shape [63], not [d_sae = 64]',
    ],
    [
      'codes of another dictionary',
      () => ops.decodeBands(h(), tf.ones([32, 8]), bandOf(32), 1),
      'decodeBands: W has the shape [32,8], not [d_sae = 64, d_in]',
    ],
    [
      'bands of other latents',
      () => ops.decodeBands(h(), tf.ones([64, 8]), bandOf(32), 1),
      'decodeBands: bandOf has the shape [32], not [d_sae = 64]',
    ],
    [
      'a band that there is not',
      () => ops.decodeBands(h(), tf.ones([64, 8]), bandOf(64, 2), 2),
      'decodeBands: latent 0 is in band 2 of 2',
    ],
    [
      'thresholds of other latents',
      () => ops.jumpRelu(h(), tf.ones([65]), 0.1),
      'jumpRelu: theta has the shape [65], not [d_sae = 64]',
    ],
    [
      'errors of shapes that differ',
      () => ops.squaredErrors(h(), tf.ones([64])),
      'squaredErrors: b has the shape [64], not [batch = 10, d_in = 64]',
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(new Error(message));
  });

  it('nothing that may be left out', () => {
    expect(ops.encode(h(), tf.ones([64, 128])).shape).toEqual([10, 128]);
  });
});
