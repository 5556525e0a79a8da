import { operation } from './operation.ts';
import * as decoding from './ops/decode.ts';
import * as bands from './ops/decode-bands.ts';
import * as detaching from './ops/detach.ts';
import * as encoding from './ops/encode.ts';
import * as gates from './ops/jump-relu.ts';
import * as plain from './ops/plain.ts';
import * as norms from './ops/row-norms.ts';
import * as errors from './ops/squared-errors.ts';
import * as selections from './ops/top-k.ts';
import * as units from './ops/unit-rows.ts';

/*
 * The named operations that carry the speed of a training step. Each has two forms that its test holds to each other,
 * values and gradients: kernels of ours, described in ops/<name>.ts, and plain tfjs (ops/plain.ts). Whatever is not named
 * here is plain tfjs.
 */

/** Pre-activations `(x·W + b) · scale`; b and scale may be left out. */
export const encode = operation('encode', encoding.encode, plain.encode);
/** Keeps the int(k·batch) largest positive pre-activations of the whole batch; k may be a fraction. */
export const batchTopK = operation('batchTopK', selections.batchTopK, plain.batchTopK);
/** Keeps the k largest positive pre-activations of each sample. */
export const topK = operation('topK', selections.topK, plain.topK);
/** Keeps of each sample the k largest, negative ones too, among the latents marked with 1. */
export const largestAmong = operation('largestAmong', selections.largestAmong, plain.largestAmong);
/** Reconstruction `z·W` of codes whose zeros have no gradient. */
export const decode = operation('decode', decoding.decode, plain.decode);
/** Reconstructions by bands of latents, whose sum is that of decode. */
export const decodeBands = operation('decodeBands', bands.decodeBands, plain.decodeBands);
/** JumpReLU: h where h > theta, with its straight-through gradient to theta. */
export const jumpRelu = operation('jumpRelu', gates.jumpRelu, plain.jumpRelu);
/** [h > theta] as 0 or 1, with a gradient to theta alone. */
export const stepCount = operation('stepCount', gates.stepCount, plain.stepCount);
/** The same numbers as a constant: no gradient flows through. */
export const detach = operation('detach', detaching.detach, plain.detach);
/** |W_i| of every row. */
export const rowNorms = operation('rowNorms', norms.rowNorms, norms.rowNorms);
/** The rows W_i / |W_i|, and the norms |W_i|. */
export const unitRows = operation('unitRows', units.unitRows, plain.unitRows);
/** |a_i - b_i|² of every sample. */
export const squaredErrors = operation('squaredErrors', errors.squaredErrors, plain.squaredErrors);
