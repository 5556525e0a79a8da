// Writes the rows that make.py trains and evaluates on, as safetensors: rows to train on, and the rows that
// the judge draws.
//   node --import tsx bench/judge/testing/saelens/rows.ts /tmp/rows.safetensors
import { type Tensor32, writeSafetensors } from '#contract/safetensors';
import { Sampler } from '../../../sampler/sampler.ts';
import { openWorld } from '../../../worlds.ts';
import { EVALUATION_BATCH } from '../../fresh-rows.ts';
import { EVALUATION_SEED, SAMPLES, WORLD } from './evaluation.ts';

const TRAINING_ROWS = 1 << 16;

const { world } = await openWorld(WORLD);
const d = world.hiddenDim;

/** Batches as the judge draws them: activations x [rows, d] and the true activations [rows, features]. */
function drawn(stream: string, rows: number): { x: Tensor32; truth: Tensor32 } {
  const sampler = new Sampler(world, EVALUATION_SEED, stream);
  const x = new Float32Array(rows * d);
  const truth = new Float32Array(rows * world.numFeatures);
  for (let start = 0, index = 0; start < rows; start += EVALUATION_BATCH, index++) {
    const count = Math.min(EVALUATION_BATCH, rows - start);
    const sparse = sampler.sample(index, count, x.subarray(start * d, (start + count) * d));
    for (let row = 0; row < count; row++) {
      for (let e = sparse.offsets[row]; e < sparse.offsets[row + 1]; e++)
        truth[(start + row) * world.numFeatures + sparse.features[e]] = sparse.values[e];
    }
  }
  return { x: { shape: [rows, d], data: x }, truth: { shape: [rows, world.numFeatures], data: truth } };
}

const evaluated = drawn('eval', SAMPLES);
writeSafetensors(process.argv[2], {
  tensors: new Map([
    ['train', drawn('train', TRAINING_ROWS).x],
    ['x', evaluated.x],
    ['truth', evaluated.truth],
    ['features', { shape: [world.numFeatures, d], data: world.featureVectors }],
    ['bias', { shape: [d], data: world.bias }],
  ]),
  metadata: {},
});
