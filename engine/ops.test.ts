import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from './backend.ts';
import { meanErrors } from './mean-errors.ts';
import { openClBackend } from './opencl/backend.ts';
import { devicesHere } from './opencl/testing/devices-here.ts';
import { type Form, useForm } from './operation.ts';
import * as ops from './ops.ts';
import { uniform } from './random.ts';

/** Random matrix of values in [-1, 1) on a coarse grid, so that ties and zeros occur. */
function matrix(rows: number, columns: number, seed: number, grid = 1000): tf.Tensor2D {
  const next = uniform(seed);
  const data = Float32Array.from(
    { length: rows * columns },
    () => Math.round((next() * 2 - 1) * grid) / grid,
  );
  return tf.tensor2d(data, [rows, columns]);
}

function expectClose(got: tf.Tensor, want: tf.Tensor, tolerance = 1e-5): void {
  expect(got.shape).toEqual(want.shape);
  const [a, b] = [got.dataSync(), want.dataSync()];
  for (let i = 0; i < a.length; i++) {
    if (Math.abs(a[i] - b[i]) > tolerance * (1 + Math.abs(b[i]))) expect(a[i], `at ${i}`).toBe(b[i]);
  }
}

/**
 * Values and gradients of two expressions of the same inputs agree; the loss weighs every output differently.
 */
function expectSame(
  inputs: tf.Tensor[],
  fast: (...xs: tf.Tensor[]) => tf.Tensor,
  plain: (...xs: tf.Tensor[]) => tf.Tensor,
): void {
  tf.tidy(() => {
    expectClose(fast(...inputs), plain(...inputs));
    const weights = matrix(1, plain(...inputs).size, 99);
    const loss =
      (f: typeof fast) =>
      (...xs: tf.Tensor[]) =>
        tf.sum(tf.mul(tf.reshape(f(...xs), [1, -1]), weights)) as tf.Scalar;
    const a = tf.grads(loss(fast))(inputs);
    const b = tf.grads(loss(plain))(inputs);
    for (const [i, gradient] of a.entries()) expectClose(gradient, b[i]);
  });
}

/** The mask of the `count` largest positive entries by sorting, first in order on ties. */
function largestMask(values: Float32Array | Int32Array | Uint8Array, count: number): Float32Array {
  const order = [...values.keys()]
    .filter((i) => values[i] > 0)
    .sort((i, j) => values[j] - values[i] || i - j);
  const mask = new Float32Array(values.length);
  for (const i of order.slice(0, count)) mask[i] = 1;
  return mask;
}

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 90 }),
  d: fc.integer({ min: 1, max: 20 }),
  latents: fc.integer({ min: 1, max: 120 }),
  seed: fc.nat(1e6),
  grid: fc.constantFrom(3, 1000),
});

const forms: [Form, string, group?: number][] = [
  ['kernels', 'embedded'],
  ['kernels', 'cpu'],
  ['plain', 'cpu'],
  ['plain', 'wasm'],
  // Other groups divide the same work in another way.
  ...devicesHere.flatMap((name): [Form, string, number][] => [
    ['device', name, 256],
    // The PTX of cuda is built for groups of 256.
    ...(name === 'opencl' ? [['device', name, 64] as [Form, string, number]] : []),
  ]),
];

describe.each(forms)(
  'named operations, in the form %s on %s, agree with their definitions',
  (form, backend, group) => {
    beforeAll(async () => {
      await openBackend(backend);
      useForm(form);
      const device = openClBackend()?.device;
      if (device && group) device.group = group;
    });

    it('batchTopK keeps int(k·batch) of the batch, fractions, ties and too few positive included', () => {
      fc.assert(
        fc.property(
          sizes,
          fc.double({ min: 0, max: 8, noNaN: true }),
          ({ batch, latents, seed, grid }, k) => {
            const h = matrix(batch, latents, seed, grid);
            const mask = tf.tensor(largestMask(h.dataSync(), Math.floor(k * batch)), h.shape);
            expectSame(
              [h],
              (x) => ops.batchTopK(x, k),
              (x) => tf.mul(x, mask),
            );
          },
        ),
        { numRuns: 60 },
      );
    });

    it('batchTopK keeps nothing where k·batch is below 1, and nothing is decoded', () => {
      const [h, W] = [matrix(512, 64, 1), matrix(64, 16, 2)];
      expectSame(
        [h, W],
        (x, w) => ops.decode(ops.batchTopK(x, 0.001), w),
        (x, w) => tf.matMul(tf.mul(x, 0), w),
      );
    });

    // Of sizes that no selection before them had.
    it.each([
      [0.1, 1e-3],
      [1, 1e-6],
      [10, 1e-9],
    ])('batchTopK finds the largest where the first rows are %d times the others', (times, size) => {
      const scales = Array.from({ length: 1024 }, (_, row) => [row < 64 ? times * size : size]);
      const h = tf.mul(matrix(1024, 64, 1), tf.tensor2d(scales));
      const mask = tf.tensor(largestMask(h.dataSync(), 2048), h.shape);
      expectClose(tf.div(ops.batchTopK(h, 2), size), tf.div(tf.mul(h, mask), size), 0);
    });

    it.each([8, 1024])(
      'a selection hides no NaN, which is greater than any number, in %i samples',
      (batch) => {
        // NaN of both signs: processors make one, JavaScript the other.
        for (const bits of [0x7fc00000, 0xffc00000]) {
          const numbers = matrix(batch, 600, 5).dataSync() as Float32Array;
          new Uint32Array(numbers.buffer, numbers.byteOffset)[601] = bits;
          const h = tf.tensor2d(numbers, [batch, 600]);
          const theta = tf.fill([600], 0.99);
          for (const kept of [ops.batchTopK(h, 2), ops.topK(h, 2), ops.thresholded(h, theta)]) {
            const values = kept.dataSync();
            expect([...values.keys()].filter((at) => Number.isNaN(values[at]))).toEqual([601]);
          }
        }
      },
    );

    it('topK keeps k of each sample', () => {
      fc.assert(
        fc.property(sizes, fc.integer({ min: 0, max: 9 }), ({ batch, latents, seed, grid }, k) => {
          const h = matrix(batch, latents, seed, grid);
          const values = h.dataSync();
          const mask = new Float32Array(values.length);
          for (let row = 0; row < batch; row++) {
            const base = row * latents;
            mask.set(largestMask(values.slice(base, base + latents), k), base);
          }
          expectSame(
            [h],
            (x) => ops.topK(x, k),
            (x) => tf.mul(x, tf.tensor(mask, h.shape)),
          );
        }),
        { numRuns: 30 },
      );
    });

    it('thresholded keeps what is positive and above the threshold of its latent', () => {
      fc.assert(
        fc.property(sizes, ({ batch, latents, seed, grid }) => {
          const [h, theta] = [
            matrix(batch, latents, seed, grid),
            tf.reshape(matrix(1, latents, 7, grid), [-1]),
          ];
          const mask = tf.cast(tf.greater(h, theta), 'float32');
          expectSame(
            [h],
            (x) => ops.thresholded(x, theta),
            (x) => tf.mul(tf.relu(x), mask),
          );
        }),
        { numRuns: 30 },
      );
    });

    it('decode, of sparse codes and dense, through the selection before it', () => {
      fc.assert(
        fc.property(sizes, fc.constantFrom(0.5, 3, 60), ({ batch, d, latents, seed }, k) => {
          const h = matrix(batch, latents, seed);
          const mask = tf.tensor(largestMask(h.dataSync(), Math.floor(k * batch)), h.shape);
          expectSame(
            [h, matrix(latents, d, seed + 1)],
            (x, W) => ops.decode(ops.batchTopK(x, k), W),
            (x, W) => tf.matMul(tf.mul(x, mask), W),
          );
        }),
        { numRuns: 60 },
      );
    });

    it('decodeBands, each band as a decode with the other rows at 0, and one band alone', () => {
      fc.assert(
        fc.property(sizes, fc.integer({ min: 1, max: 4 }), ({ batch, d, latents, seed }, bands) => {
          const h = matrix(batch, latents, seed);
          const bandOf = Uint8Array.from({ length: latents }, (_, i) => (i * 7 + seed) % bands);
          const rows = (band: number) =>
            tf.tensor2d(
              Array.from(bandOf, (b) => (b === band ? 1 : 0)),
              [latents, 1],
            );
          const mask = tf.tensor(largestMask(h.dataSync(), 2 * batch), h.shape);
          expectSame(
            [h, matrix(latents, d, seed + 1)],
            (x, W) => tf.concat(ops.decodeBands(ops.batchTopK(x, 2), W, bandOf, bands), 1),
            (x, W) =>
              tf.concat(
                Array.from({ length: bands }, (_, band) => tf.matMul(tf.mul(x, mask), tf.mul(W, rows(band)))),
                1,
              ),
          );
        }),
        { numRuns: 40 },
      );
    });

    it('encode with bias and scale or without, its gradient sparse and dense', () => {
      fc.assert(
        fc.property(sizes, fc.boolean(), fc.boolean(), ({ batch, d, latents, seed }, biased, scaled) => {
          // Sums of products of 1/256 are exact in float32: none is 0 by one order and positive by another.
          const inputs: tf.Tensor[] = [matrix(batch, d, seed, 256), matrix(d, latents, seed + 1, 256)];
          const vector = (of: number) => tf.reshape(matrix(1, latents, of, 256), [latents]);
          if (biased) inputs.push(vector(seed + 2));
          // The scale stands for norms, which are positive.
          if (scaled) inputs.push(tf.add(1.5, vector(seed + 3)));
          const parts = (rest: tf.Tensor[]) => [
            biased ? rest[0] : null,
            scaled ? rest[biased ? 1 : 0] : null,
          ];
          const defined = (x: tf.Tensor, W: tf.Tensor, ...rest: tf.Tensor[]) => {
            const [b, scale] = parts(rest);
            const sum = b ? tf.add(tf.matMul(x, W), b) : tf.matMul(x, W);
            return scale ? tf.mul(sum, scale) : sum;
          };
          const named = (x: tf.Tensor, W: tf.Tensor, ...rest: tf.Tensor[]) =>
            ops.encode(x, W, ...parts(rest));
          expectSame(inputs, named, defined);
          // Scaling rounds, so the two can differ where a sum is exactly 0: relu has no derivative there.
          const [x, W, ...rest] = inputs;
          if (
            x &&
            W &&
            defined(x, W, ...rest)
              .dataSync()
              .includes(0)
          )
            return;
          expectSame(
            inputs,
            (x, W, ...rest) => ops.topK(named(x, W, ...rest), latents),
            (x, W, ...rest) => tf.relu(defined(x, W, ...rest)),
          );
        }),
        { numRuns: 30 },
      );
    });

    it('unitRows, through rows and norms, a row of zeros included', () => {
      fc.assert(
        fc.property(sizes, ({ d, latents, seed }) => {
          // Away from 0: near it the gradient of a direction grows without bound, and its rounding error too.
          const W = tf.concat([tf.add(matrix(latents, d, seed), 1.5), tf.zeros([1, d])]);
          const joined = (rows: tf.Tensor, norms: tf.Tensor) => tf.concat([rows, tf.expandDims(norms, 1)], 1);
          const inner = (f: (w: tf.Tensor) => tf.Tensor) => (w: tf.Tensor) =>
            f(tf.slice(w, [0, 0], [latents, d]));
          const defined = (w: tf.Tensor) => {
            const norms = tf.maximum(tf.sqrt(tf.sum(tf.square(w), 1)), 1e-8);
            return joined(tf.div(w, tf.expandDims(norms, 1)), norms);
          };
          const named = (w: tf.Tensor) => {
            const { rows, norms } = ops.unitRows(w);
            return joined(rows, norms);
          };
          expectSame([W], inner(named), inner(defined));
          // The gradient of a norm of 0 is not defined; the values are.
          expectClose(named(W), defined(W));
        }),
        { numRuns: 20 },
      );
    });

    // Elsewhere it is composed of operations.
    if (form === 'device' || backend === 'embedded')
      it('mean errors, tilted or not', () => {
        const plain = (tilt: number) => (a: tf.Tensor, b: tf.Tensor) => {
          const errors = tf.sum(tf.square(tf.sub(a, b)), 1);
          const constant = ops.detach(errors);
          const weights = tf.softmax(tf.mul(tilt, tf.div(constant, tf.mean(constant))) as tf.Tensor1D);
          return tf.sum(tf.mul(weights, errors));
        };
        for (const [rows, tilt] of [
          [300, 0],
          [30, 2],
          [1, 0.5],
        ]) {
          const fast = (a: tf.Tensor, b: tf.Tensor) => meanErrors([tf.neg(a), a], b, tilt)?.[1] as tf.Tensor;
          expectSame([matrix(rows, 7, 1), matrix(rows, 7, 2)], fast, plain(tilt));
        }
      });

    it('squaredErrors', () => {
      expectSame([matrix(30, 7, 1), matrix(30, 7, 2)], ops.squaredErrors, (a, b) =>
        tf.sum(tf.square(tf.sub(a, b)), 1),
      );
    });

    it('detach keeps the value and stops the gradient', () => {
      const x = matrix(5, 4, 1);
      const gradient = tf.grad((v) => tf.sum(tf.mul(v, ops.detach(v))))(x);
      expectClose(gradient, x);
    });

    it('largestAmong keeps negative ones too, and only among the marked latents', () => {
      const h = tf.tensor2d([5, -1, -3, 2, -8, -2], [2, 3]);
      const kept = ops.largestAmong(h, 1, Uint8Array.from([0, 1, 1])).dataSync();
      expect([...kept].map((v) => v + 0)).toEqual([0, -1, 0, 0, 0, -2]);
    });

    it('jumpRelu and stepCount have the gradients of their definitions', () => {
      const h = tf.tensor2d([0.2, 0.29, 0.31, 0.9], [1, 4]);
      const theta = tf.tensor1d([0.3, 0.3, 0.3, 0.3]);
      const [dh, dt] = tf.grads((a, t) => tf.sum(ops.jumpRelu(a, t, 0.1)) as tf.Scalar)([h, theta]);
      expect([...dh.dataSync()]).toEqual([0, 0, 1, 1]);
      expectClose(dt, tf.tensor1d([0, -3, -3, 0]));
      const [ch, ct] = tf.grads((a, t) => tf.sum(ops.stepCount(a, t, 0.1)) as tf.Scalar)([h, theta]);
      expect([...ch.dataSync()]).toEqual([0, 0, 0, 0]);
      expectClose(ct, tf.tensor1d([0, -10, -10, 0]));
    });
  },
);

// Small operations stay on the calling thread (pool.ts). Each operation here is a job for several threads, if
// there are several, or for many groups of a device.
describe.each(['embedded', ...devicesHere])('operations large enough for threads, on %s', (tested) => {
  const [batch, d, latents, k] = [1024, 64, 512, 16];
  const [h, W] = [matrix(batch, latents, 1), matrix(latents, d, 2)];

  /** Values and gradients of our kernels are those of dense tfjs on wasm. */
  async function expectSameAsDense(inputs: tf.Tensor[], operation: (...xs: tf.Tensor[]) => tf.Tensor) {
    const data = inputs.map((input) => [input.dataSync(), input.shape] as const);
    const results: Float32Array[][] = [];
    for (const backend of [tested, 'wasm']) {
      await openBackend(backend, { plain: backend === 'wasm' });
      const xs = data.map(([values, shape]) => tf.tensor(values, shape));
      const loss = (...of: tf.Tensor[]) => tf.mean(tf.square(tf.add(operation(...of), 0.5))) as tf.Scalar;
      const outputs = [operation(...xs), ...tf.grads(loss)(xs)];
      results.push(outputs.map((output) => output.dataSync() as Float32Array));
    }
    for (const [i, got] of results[0].entries()) {
      let worst = 0;
      let largest = 0;
      for (let at = 0; at < got.length; at++) {
        worst = Math.max(worst, Math.abs(got[at] - results[1][i][at]));
        largest = Math.max(largest, Math.abs(got[at]));
      }
      expect(largest).toBeGreaterThan(0);
      expect(worst / largest, `output ${i}`).toBeLessThan(1e-5);
    }
  }

  it.each<[string, tf.Tensor[], (...xs: tf.Tensor[]) => tf.Tensor]>([
    ['batchTopK', [h], (x) => ops.batchTopK(x, k)],
    ['topK', [h], (x) => ops.topK(x, k)],
    ['decode', [h, W], (x, w) => ops.decode(ops.batchTopK(x, k), w)],
    [
      'decodeBands',
      [h, W],
      (x, w) => {
        const bandOf = Uint8Array.from({ length: latents }, (_, i) => i % 3);
        return tf.concat(ops.decodeBands(ops.batchTopK(x, k), w, bandOf, 3), 1);
      },
    ],
    ['encode', [matrix(batch, d, 3), matrix(d, latents, 4)], (x, w) => ops.encode(x, w)],
    [
      'largestAmong',
      [h],
      (x) =>
        ops.largestAmong(
          x,
          k,
          Uint8Array.from({ length: latents }, (_, i) => i % 2),
        ),
    ],
    ['rowNorms', [matrix(8192, d, 5)], (w) => ops.rowNorms(w)],
    ['unitRows', [matrix(8192, d, 5)], (w) => ops.unitRows(w).rows],
    ['squaredErrors', [matrix(8192, d, 6), matrix(8192, d, 7)], ops.squaredErrors],
    ['jumpRelu', [h, tf.fill([latents], 0.3)], (x, theta) => ops.jumpRelu(x, theta as tf.Tensor1D, 0.1)],
  ])('%s', (_, inputs, operation) => expectSameAsDense(inputs, operation));
});

describe.each(['embedded', ...devicesHere])('kernels of our own, on %s', (backend) => {
  beforeAll(async () => {
    await openBackend(backend);
  });

  it('matrix products in all four transpositions, sparse operands included', () => {
    const plain = (a: number[][], b: number[][]) =>
      a.map((row) => b[0].map((_, j) => row.reduce((sum, v, k) => sum + v * b[k][j], 0)));
    const flip = (a: number[][]) => a[0].map((_, j) => a.map((row) => row[j]));
    const sparse = (t: tf.Tensor2D) => tf.mul(t, tf.greater(t, 0.95)) as tf.Tensor2D;
    for (const thin of ['none', 'a', 'b']) {
      for (const [transposeA, transposeB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        const a = thin === 'a' ? sparse(matrix(70, 90, 1)) : matrix(70, 90, 1);
        const inner = transposeA ? 70 : 90;
        const b0 = transposeB ? matrix(80, inner, 2) : matrix(inner, 80, 2);
        const b = thin === 'b' ? sparse(b0) : b0;
        const left = a.arraySync();
        const right = b.arraySync();
        const want = plain(transposeA ? flip(left) : left, transposeB ? flip(right) : right);
        expectClose(tf.matMul(a, b, transposeA, transposeB), tf.tensor2d(want));
      }
    }
  });

  it('know that a reshaped selection has other rows: products, sums and gradients are those of its numbers', () => {
    const [h, W] = [matrix(8, 1024, 1), matrix(512, 4, 2)];
    const selected = ops.batchTopK(h, 20);
    const copy = tf.tensor(selected.dataSync(), [16, 512]);
    expectClose(tf.matMul(tf.reshape(selected, [16, 512]), W), tf.matMul(copy, W));
    const cube = tf.reshape(selected, [8, 2, 512]);
    expectClose(tf.add(cube, cube), tf.mul(tf.reshape(copy, [8, 2, 512]), 2));
    const heads = (x: tf.Tensor) => ops.decode(tf.reshape(ops.batchTopK(x, 20), [16, 512]), W);
    const mask = tf.cast(tf.greater(selected, 0), 'float32');
    const dense = (x: tf.Tensor) => tf.matMul(tf.reshape(tf.mul(x, mask), [16, 512]), W);
    expectSame([h], heads, dense);
  });

  it('keep a transpose for one shape of the numbers, not for another', () => {
    const [h, W] = [matrix(64, 512, 1), matrix(8, 512, 2)];
    const selected = ops.batchTopK(h, 20);
    const dense = tf.tensor(selected.dataSync(), [64, 512]);
    for (const [other, rows] of [
      [W, 64],
      [tf.reshape(W, [16, 256]), 128],
      [W, 64],
    ] as const) {
      const shape: [number, number] = [rows, (64 * 512) / rows];
      const codes = ops.batchTopK(tf.reshape(dense, shape), (20 * 64) / rows);
      expectClose(
        tf.matMul(codes, other, false, true),
        tf.matMul(tf.reshape(dense, shape), tf.transpose(other)),
      );
    }
  });

  it('sum over the batch, kept dimension or not, and transpose', () => {
    const x = matrix(33, 17, 3);
    const rows = x.arraySync();
    const sums = rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[j], 0));
    expectClose(tf.sum(x, 0), tf.tensor1d(sums));
    expectClose(tf.sum(x, 0, true), tf.tensor2d([sums]));
    expect(tf.transpose(x).arraySync()).toEqual(rows[0].map((_, j) => rows.map((row) => row[j])));
  });

  it('leave no tensor behind', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const h = matrix(64, 100, 1);
      const W = matrix(100, 8, 2);
      tf.grads((x, w) => tf.sum(tf.square(ops.decode(ops.batchTopK(x, 2), w))) as tf.Scalar)([h, W]);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
