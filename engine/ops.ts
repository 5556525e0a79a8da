/**
 * The named operations that carry the speed of a training step. Each is defined in its comment as a plain tfjs
 * expression, which its test holds it to, values and gradients; whatever is not named here is plain tfjs.
 */
export { decode } from './ops/decode.ts';
export { decodeBands } from './ops/decode-bands.ts';
export { detach } from './ops/detach.ts';
export { encode } from './ops/encode.ts';
export { jumpRelu, stepCount } from './ops/jump-relu.ts';
export { rowNorms } from './ops/row-norms.ts';
export { squaredErrors } from './ops/squared-errors.ts';
export { batchTopK, largestAmong, topK } from './ops/top-k.ts';
