import type * as tf from '@tensorflow/tfjs-core';
import * as fused from './opencl/fused.ts';
import { marksOf } from './opencl/marks.ts';
import * as device from './opencl/ops.ts';
import { operation } from './operation.ts';
import * as decoding from './ops/decode.ts';
import * as bands from './ops/decode-bands.ts';
import * as encoding from './ops/encode.ts';
import * as gates from './ops/jump-relu.ts';
import * as plain from './ops/plain.ts';
import * as norms from './ops/row-norms.ts';
import * as errors from './ops/squared-errors.ts';
import * as selections from './ops/top-k.ts';
import * as units from './ops/unit-rows.ts';
import { expectShapes } from './shapes.ts';
import { presentValue, type StepNumber } from './step-numbers.ts';

/*
 * The named operations, which take most of the time of a training step. Each has three forms: the engine's
 * own kernels, described in ops/<name>.ts, those for an OpenCL device (opencl/), and plain tfjs
 * (ops/plain.ts). Its test checks that values and gradients of all agree. Every other operation is plain
 * tfjs.
 */

/** Pre-activations `(x·W + b) · scale`; b and scale may be left out. */
export const encode = operation(
  'encode',
  { kernels: encoding.encode, device: device.encode, plain: plain.encode },
  (name, [x, W, b, scale]) =>
    expectShapes(name, {
      x: [x, 'batch', 'd_in'],
      W: [W, 'd_in', 'd_sae'],
      b: [b, 'd_sae'],
      scale: [scale, 'd_sae'],
    }),
);
/**
 * Keeps the int(k·batch) largest positive pre-activations of the whole batch; k may be a fraction, and may
 * follow a schedule.
 */
export const batchTopK = operation(
  'batchTopK',
  {
    kernels: (h: tf.Tensor, k: StepNumber) => selections.batchTopK(h, presentValue(k)),
    device: device.batchTopK,
    plain: (h, k) => plain.batchTopK(h, presentValue(k)),
  },
  (name, [h]) => expectShapes(name, { h: [h, 'batch', 'd_sae'] }),
);
/** Keeps the k largest positive pre-activations of each sample; k may follow a schedule. */
export const topK = operation(
  'topK',
  {
    kernels: (h: tf.Tensor, k: StepNumber) => selections.topK(h, presentValue(k)),
    device: device.topK,
    plain: (h, k) => plain.topK(h, presentValue(k)),
  },
  (name, [h]) => expectShapes(name, { h: [h, 'batch', 'd_sae'] }),
);
/** Keeps of each sample the k largest, negative ones too, among the latents marked with 1. */
export const largestAmong = operation(
  'largestAmong',
  { kernels: selections.largestAmong, device: device.largestAmong, plain: plain.largestAmong },
  (name, [h, _k, { length }]) =>
    expectShapes(name, { h: [h, 'batch', 'd_sae'], among: [{ shape: [length] }, 'd_sae'] }),
);
/** Reconstruction `z·W` of codes whose zeros have no gradient. */
export const decode = operation(
  'decode',
  { kernels: decoding.decode, device: device.decode, plain: plain.decode },
  (name, [z, W]) => expectShapes(name, { z: [z, 'batch', 'd_sae'], W: [W, 'd_sae', 'd_in'] }),
);
/** Reconstructions by bands of latents, whose sum is that of decode. */
export const decodeBands = operation(
  'decodeBands',
  { kernels: bands.decodeBands, device: device.decodeBands, plain: plain.decodeBands },
  (name, [z, W, bandOf, count]) => {
    const shape = [bandOf.length];
    expectShapes(name, {
      z: [z, 'batch', 'd_sae'],
      W: [W, 'd_sae', 'd_in'],
      bandOf: [{ shape }, 'd_sae'],
    });
    // Bands that the device made are ranks among the widths.
    const stray = marksOf(bandOf) ? -1 : bandOf.findIndex((band) => band >= count);
    if (stray >= 0) throw new Error(`${name}: latent ${stray} is in band ${bandOf[stray]} of ${count}`);
  },
);
/** Keeps the positive pre-activations above the threshold of their latent, as at inference. */
export const thresholded = operation(
  'thresholded',
  { kernels: selections.thresholded, device: plain.thresholded, plain: plain.thresholded },
  (name, [h, theta]) => expectShapes(name, { h: [h, 'batch', 'd_sae'], theta: [theta, 'd_sae'] }),
);
/** JumpReLU: h where h > theta, with its straight-through gradient to theta. */
export const jumpRelu = operation(
  'jumpRelu',
  { kernels: gates.jumpRelu, device: fused.jumpRelu, plain: plain.jumpRelu },
  (name, [h, theta]) => expectShapes(name, { h: [h, 'batch', 'd_sae'], theta: [theta, 'd_sae'] }),
);
/** [h > theta] as 0 or 1, with a gradient to theta alone. */
export const stepCount = operation(
  'stepCount',
  { kernels: gates.stepCount, device: fused.stepCount, plain: plain.stepCount },
  (name, [h, theta]) => expectShapes(name, { h: [h, 'batch', 'd_sae'], theta: [theta, 'd_sae'] }),
);
/** The same numbers as a constant: no gradient flows through. */
export const detach = operation('detach', {
  kernels: plain.detach,
  device: plain.detach,
  plain: plain.detach,
});
/** |W_i| of every row. */
export const rowNorms = operation(
  'rowNorms',
  { kernels: norms.rowNorms, device: fused.rowNorms, plain: norms.rowNorms },
  (name, [W]) => expectShapes(name, { W: [W, 'rows', 'n'] }),
);
/** The rows W_i / |W_i|, and the norms |W_i|. */
export const unitRows = operation(
  'unitRows',
  { kernels: units.unitRows, device: fused.unitRows, plain: plain.unitRows },
  (name, [W]) => expectShapes(name, { W: [W, 'rows', 'n'] }),
);
/** |a_i - b_i|² of every sample. */
export const squaredErrors = operation(
  'squaredErrors',
  { kernels: errors.squaredErrors, device: fused.squaredErrors, plain: plain.squaredErrors },
  (name, [a, b]) => expectShapes(name, { a: [a, 'batch', 'd_in'], b: [b, 'batch', 'd_in'] }),
);
