import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import type { Architecture, Buffers, Encoder, PassOutput, Weights } from '../architecture.ts';
import template from '../architectures/_template.ts';
import { TrainerConfig } from '../trainer/config.ts';
import { D_IN, exerciseSteps } from './steps.ts';
import { whereThrown } from './where.ts';

beforeAll(async () => {
  await openBackend('embedded');
});

const sae = template.config.parse({ d_in: D_IN, d_sae: 16 });
const settings = { sae, trainer: TrainerConfig.parse({ lr: 0.01 }), addons: {} };
type Pass = Parameters<Architecture['trainingPass']>[0];

/** The template with a change to what its pass returns. */
const changed = (change: (result: PassOutput, pass: Pass) => Partial<PassOutput>): Architecture => ({
  ...template,
  trainingPass(pass) {
    const result = template.trainingPass(pass);
    return { ...result, ...change(result, pass) };
  },
});
const reshaped = (t: tf.Tensor) => tf.reshape(t, [t.shape[1] as number, t.shape[0]]);

const wrong: [string, Architecture, RegExp][] = [
  ['transposed acts', changed(({ acts }) => ({ acts: reshaped(acts) })), /^acts has .*\[16, 32\]/],
  ['a reconstruction of the wrong width', changed(({ acts }) => ({ recon: acts })), /^recon has .*\[32, 8\]/],
  [
    'a loss for each sample',
    changed(({ acts }) => ({ losses: { l1: tf.sum(acts, 1) } })),
    /^losses\.l1 has the shape \[32\]/,
  ],
  [
    'a loss that is not finite',
    changed(({ losses }) => ({ losses: { ...losses, log: tf.log(tf.scalar(0)) } })),
    /^log is -Infinity at step 0$/,
  ],
  [
    'a weight that no loss reaches',
    changed((_, { x, weights }) => ({ losses: { mse: tf.mean(tf.square(tf.sub(x, weights.b_dec))) } })),
    /^no loss reaches the weight W_enc: /,
  ],
  [
    'tensors that are not disposed of',
    changed(({ acts }) => {
      tf.keep(tf.clone(acts));
      return {};
    }),
    /^each step leaves 1 tensors undisposed/,
  ],
];

const powers = (change: object): Architecture => ({
  ...template,
  inputScaling: (config) => ({ powers: { ...template.inputScaling(config).powers, ...change } }),
});
/** A new architecture with a threshold on activations that are multiplied by decoder norms. */
const thresholded = (power: number | undefined): Architecture => {
  const above = ({ encode, ...rest }: Encoder, norms: tf.Tensor, buffers: Buffers): Encoder => ({
    ...rest,
    encode(x) {
      const acts = tf.mul(encode(x), norms);
      return tf.div(tf.mul(acts, tf.cast(tf.greater(acts, buffers.least[0]), 'float32')), norms);
    },
  });
  const normsOf = ({ W_dec }: Weights) => tf.norm(W_dec, 2, 1);
  return {
    ...powers({ least: power }),
    buffers: () => ({ least: Float64Array.of(0.02) }),
    batchEncoder: (weights, buffers, config) =>
      above(template.batchEncoder(weights, buffers, config), normsOf(weights), buffers),
    inferenceEncoder: (weights, buffers, config) => ({
      ...template.inferenceEncoder(weights, buffers, config),
      ...above(template.inferenceEncoder(weights, buffers, config), normsOf(weights), buffers),
    }),
  };
};
wrong.push(
  ['a power that is wrong', powers({ b_dec: 0 }), /^inputScaling is wrong: the training form/],
  ['a threshold that is not folded', thresholded(0), /^inputScaling is wrong: the training form/],
  ['a threshold without a power', thresholded(undefined), /^inputScaling has no power for least; /],
);

it('accepts a threshold that is folded', () => {
  expect(() => exerciseSteps(thresholded(-1), settings)).not.toThrow();
});

it('accepts the template, and tells whether a latent fired', () => {
  expect(exerciseSteps(template, settings)).toBe(true);
  expect(
    exerciseSteps(
      changed(({ acts }) => ({ acts: tf.zerosLike(acts) })),
      settings,
    ),
  ).toBe(false);
});

it.each(wrong)('refuses %s', (_, architecture, line) => {
  expect(() => exerciseSteps(architecture, settings)).toThrow(line);
});

it('finds where in the workspace an error was thrown', () => {
  try {
    template.inferenceEncoder({}, {}, sae).encode(tf.zeros([1, D_IN]));
    expect.unreachable();
  } catch (error) {
    expect(whereThrown(error)).toMatch(/^sae\/architectures\/_template\.ts:\d+: $/);
  }
  expect(whereThrown(new Error('from elsewhere'))).toBe('');
});
