import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { openBackend } from './backend.ts';
import type { EmbeddedBackend } from './embedded/backend.ts';
import type { Blas } from './embedded/dense-product.ts';
import { isPrefilterHere } from './embedded/prefilter.ts';
import { unreadPrefiltered } from './embedded/prefiltered-product.ts';
import { batchTopK, decode, encode, largestAmong, squaredErrors, thresholded } from './ops.ts';
import { uniform } from './random.ts';

await openBackend('embedded');

const backend = () => tf.backend() as EmbeddedBackend;
/** A library that gives wrong numbers. */
const wrong: Blas['multiply'] = (_a, _b, c) => void c.fill(1);
const works = isPrefilterHere(backend().pool, false, 'auto');
/** Runs `work` with the prefilter or with whole products, by our kernels in C, whose bits it has. */
function prefiltering<T>(isPrefiltering: boolean, work: () => T, blas: Blas | null = null): T {
  const own = backend() as unknown as { isPrefiltering: boolean; blas: Blas | null };
  const before = { isPrefiltering: own.isPrefiltering, blas: own.blas };
  Object.assign(own, { isPrefiltering: isPrefiltering && works, blas });
  try {
    return tf.tidy(() => work() as tf.TensorContainer) as T;
  } finally {
    Object.assign(own, before);
  }
}

const [m, k, n] = [640, 96, 768];
function matrices(seed = 1) {
  const next = uniform(seed);
  const normal = (count: number, width = 1) =>
    Float32Array.from({ length: count }, () => width * (next() + next() + next() - 1.5));
  return {
    x: tf.tensor2d(normal(m * k), [m, k]),
    W: tf.tensor2d(normal(k * n), [k, n]),
    b: tf.tensor1d(normal(n)),
    scale: tf.tensor1d(normal(n, 0.1).map((value) => 1 + value)),
  };
}
/** The bits of the numbers, in a form that is compared fast. */
const bits = (tensor: tf.Tensor) =>
  Buffer.from((tensor.dataSync() as Float32Array).slice().buffer).toString('base64');
/** Marks every third latent. */
const some = new Uint8Array(n).map((_, i) => Number(i % 3 === 0));

describe('selections with prefiltering and without', () => {
  const selections: Record<string, (h: tf.Tensor) => tf.Tensor> = {
    'batchTopK of few': (h) => batchTopK(h, 4),
    'batchTopK of more than are positive': (h) => batchTopK(h, n),
    'batchTopK of none': (h) => batchTopK(h, 0.0001),
    'largestAmong some': (h) => largestAmong(h, 3, some),
    'largestAmong most': (h) => largestAmong(h, 3, new Uint8Array(n).fill(1)),
    'largestAmong none': (h) => largestAmong(h, 3, new Uint8Array(n)),
    'thresholded high': (h) => thresholded(h, tf.fill([n], 4)),
    'thresholded low': (h) => thresholded(h, tf.fill([n], -1)),
    'thresholded by latent': (h) =>
      thresholded(h, tf.tensor1d(Float32Array.from({ length: n }, (_, i) => 3 + (i % 7)))),
    'thresholded by NaN and infinity': (h) =>
      thresholded(
        h,
        tf.tensor1d(
          Float32Array.from({ length: n }, (_, i) => [3, Number.NaN, Number.POSITIVE_INFINITY][i % 3]),
        ),
      ),
  };

  it.each(Object.entries(selections))('%s has the same bits', (_, select) => {
    const { x, W, b, scale } = matrices();
    for (const affine of [[], [b], [b, scale], [b, tf.neg(scale)]] as tf.Tensor[][]) {
      const [prefiltered, whole] = [true, false].map((is) =>
        prefiltering(is, () => bits(select(encode(x, W, ...affine)))),
      );
      expect(prefiltered === whole).toBe(true);
    }
  });

  it('a NaN in x is selected', () => {
    const { x, W, b } = matrices();
    const odd = x.dataSync().slice();
    odd[k * 5 + 2] = Number.NaN;
    const [prefiltered, whole] = [true, false].map((is) =>
      prefiltering(is, () => bits(batchTopK(encode(tf.tensor2d(odd, [m, k]), W, b), 4))),
    );
    expect(prefiltered === whole).toBe(true);
  });

  const weights = () => {
    const { x, W, b, scale } = matrices();
    const D = tf.tensor2d(matrices(2).W.dataSync(), [n, k]);
    return { x, W, b, scale, D };
  };

  it('gradients have the same bits, with the loss of dead latents beside', () => {
    const { x, W, b, scale, D } = weights();
    const loss = (...[ownW, ownB, ownScale, ownD]: tf.Tensor[]) => {
      const h = encode(x, ownW, ownB, ownScale);
      const first = squaredErrors(decode(batchTopK(h, 4), ownD), x);
      const dead = squaredErrors(decode(largestAmong(h, 5, some), ownD), x);
      return tf.add(tf.mean(first), tf.mul(0.1, tf.mean(dead))) as tf.Scalar;
    };
    const [prefiltered, whole] = [true, false].map((is) =>
      prefiltering(is, () => {
        const { value, grads } = tf.valueAndGrads(loss)([W, b, scale, D]);
        return [value, ...grads].map(bits);
      }),
    );
    expect(prefiltered.map((one, i) => one === whole[i])).toEqual([true, true, true, true, true]);
  });

  it.skipIf(!works)('leave the product unread (SKIP without AVX-512 VNNI)', () => {
    const { x, W, b, scale, D } = weights();
    prefiltering(true, () => {
      const products: tf.Tensor[] = [];
      const loss = (...[ownW, ownB, ownScale, ownD]: tf.Tensor[]) => {
        const h = encode(x, ownW, ownB, ownScale);
        products.push(tf.keep(tf.clone(h)));
        const first = squaredErrors(decode(batchTopK(h, 4), ownD), x);
        const dead = squaredErrors(decode(largestAmong(h, 5, some), ownD), x);
        return tf.add(tf.mean(first), tf.mean(dead)) as tf.Scalar;
      };
      tf.valueAndGrads(loss)([W, b, scale, D]);
      // Gradients took the numbers that the selections had, also where a latent was in both.
      expect(products.map((h) => unreadPrefiltered(backend(), h) !== null)).toEqual([true]);
      // Who reads it gets the whole product.
      const numbers = bits(products[0]);
      expect(unreadPrefiltered(backend(), products[0])).toBeNull();
      expect(numbers === prefiltering(false, () => bits(encode(x, W, b, scale)))).toBe(true);
      for (const h of products) h.dispose();
    });
  });

  it.skipIf(!works)('have the bits of our kernels beside a library too (SKIP without AVX-512 VNNI)', () => {
    const { x, W, b, scale } = matrices();
    const select = (h: tf.Tensor) =>
      [batchTopK(h, 4), largestAmong(h, 3, some), tf.clone(h)].map(bits).join();
    const [plain, beside] = [null, { label: '', instead: null, multiply: wrong }].map((blas) =>
      prefiltering(true, () => select(encode(x, W, b, scale)), blas),
    );
    expect(beside === plain).toBe(true);
  });

  it('a reshaped matrix of weights has its own whole numbers', () => {
    const { x, W } = matrices();
    const inputs = [x, tf.reshape(x, [2 * m, k / 2]), x];
    const weights = [W, tf.reshape(W, [k / 2, 2 * n]), W];
    const [prefiltered, whole] = [true, false].map((is) =>
      prefiltering(is, () => {
        const products = inputs.map((input, i) => encode(input, weights[i]));
        return [...products, ...inputs.map((input, i) => encode(input, weights[i]))].map((h) =>
          bits(batchTopK(h, 4)),
        );
      }),
    );
    expect(prefiltered.map((one, i) => one === whole[i])).toEqual(whole.map(() => true));
  });

  it('what is computed between encode and selection has the same bits, where weights were not yet read', () => {
    const { x, W, b } = matrices();
    const other = matrices(2).W;
    const [prefiltered, whole] = [true, false].map((is) =>
      prefiltering(is, () => {
        const small = tf.mul(W, 0.3);
        const h = encode(x, small, b);
        const penalty = squaredErrors(tf.add(small, other), W);
        return [penalty, batchTopK(h, 4)].map(bits);
      }),
    );
    expect(prefiltered.map((one, i) => one === whole[i])).toEqual([true, true]);
  });

  it('a product is of the weights that there were, and gives them back, where variables were assigned', () => {
    const { x, W, b, scale } = matrices();
    const [prefiltered, whole] = [true, false].map((is) => {
      const variables = [W, b, scale].map((tensor) => tf.variable(tensor));
      const held = [tf.memory().numDataBuffers, backend().numDataIds()];
      const selected = prefiltering(is, () => {
        const h = encode(x, variables[0], variables[1], variables[2]);
        for (const variable of variables) variable.assign(tf.zerosLike(variable));
        return bits(batchTopK(h, 4));
      });
      // The variables share no data with the matrices any more.
      const own = held.map((count) => count + variables.length);
      expect([tf.memory().numDataBuffers, backend().numDataIds()]).toEqual(own);
      expect(variables.map((variable) => Math.max(...variable.dataSync()))).toEqual([0, 0, 0]);
      tf.dispose(variables);
      return selected;
    });
    expect(prefiltered === whole).toBe(true);
  });

  it('give back what they took', () => {
    const { x, W, b, scale } = matrices(3);
    const once = () => prefiltering(true, () => bits(batchTopK(encode(x, W, b, scale), 4)).length);
    once();
    const used = backend().heap.used;
    once();
    expect(backend().heap.used).toBe(used);
    for (const tensor of [x, W, b, scale]) tensor.dispose();
    expect(backend().heap.used).toBeLessThan(used);
  });
});
