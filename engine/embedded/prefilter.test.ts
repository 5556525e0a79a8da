import type { TensorInfo } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openNative } from '../native/open.ts';
import { isInstalled } from '../packages.ts';
import { uniform } from '../random.ts';
import { EmbeddedBackend } from './backend.ts';
import { multiply } from './gemm.ts';
import { Pool } from './pool.ts';
import { affineOf, isForPrefilter, isPrefilterHere, type Operands, Prefilter } from './prefilter.ts';
import { isPrefilterRight } from './prefilter-trial.ts';

const isHere = process.platform === 'linux' && process.arch === 'x64' && isInstalled('koffi');
const native = isHere ? openNative(new URL('./native/kernels.c', import.meta.url), 'auto') : null;
const works = isPrefilterHere({ native }, false, 'auto');
const pools = works ? [1, 3].map((threads) => new Pool(threads, { native })) : [];
const backends = pools.map((pool) => new EmbeddedBackend(pool, null, true));
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

describe('where prefiltering works', () => {
  const ZEN4 = 'flags\t\t: avx2 fma avx512_vnni';
  const level = (name: 'avx512' | 'avx2') => ({
    native: { label: '', level: name, path: '', func: () => () => 0 },
  });

  it('is a processor with AVX-512 VNNI, and not beside AMX by itself', () => {
    expect(isPrefilterHere(level('avx512'), false, 'auto', ZEN4)).toBe(true);
    expect(isPrefilterHere(level('avx512'), true, 'auto', ZEN4)).toBe(false);
    expect(isPrefilterHere(level('avx512'), true, 'on', ZEN4)).toBe(true);
    expect(isPrefilterHere(level('avx512'), false, 'off', ZEN4)).toBe(false);
    expect(isPrefilterHere(level('avx2'), false, 'auto', ZEN4)).toBe(false);
    expect(isPrefilterHere({ native: null }, false, 'auto', ZEN4)).toBe(false);
    expect(isPrefilterHere(level('avx512'), false, 'auto', 'flags\t: avx2 avx512f')).toBe(false);
  });

  it('says in one line that it does not, if it is asked for, and refuses other words', () => {
    expect(() => isPrefilterHere(level('avx2'), false, 'on', ZEN4)).toThrow(
      'ENGINE_PREFILTER=on: it needs a processor with AVX-512 VNNI, Linux, and ENGINE_NATIVE=auto or avx512',
    );
    expect(() => isPrefilterHere(level('avx512'), false, 'yes', ZEN4)).toThrow(
      'ENGINE_PREFILTER=yes: must be one of auto, on, off',
    );
  });

  it('leaves small products, narrow ones and those of very many terms alone', () => {
    expect(isForPrefilter(1024, 4096, 768)).toBe(true);
    expect(isForPrefilter(1024, 128, 64)).toBe(false);
    expect(isForPrefilter(1024, 256, 768)).toBe(false);
    expect(isForPrefilter(1024, 4096, 8193)).toBe(false);
  });
});

it.skipIf(!works)('is right, and is left where it is not (SKIP without AVX-512 VNNI)', () => {
  for (const pool of pools) {
    const used = pool.heap.used;
    expect(isPrefilterRight(pool)).toBe(true);
    expect(pool.heap.used).toBe(used);
    // A kernel that finds nothing.
    const run = pool.run.bind(pool);
    const broken = Object.assign(Object.create(pool) as Pool, {
      run: (name: string, ...rest: [number, number, ...number[]]) => {
        if (name !== 'prefilter') run(name, ...rest);
      },
    });
    expect(isPrefilterRight(broken)).toBe(false);
    expect(pool.heap.used).toBe(used);
  }
});

describe.skipIf(!works)('numbers above a bound (SKIP without AVX-512 VNNI)', () => {
  interface Matrices {
    x: Float32Array;
    W: Float32Array;
    bias: Float32Array | null;
    scale: Float32Array | null;
  }

  function held(backend: EmbeddedBackend, values: Float32Array, shape: number[]): TensorInfo {
    const info = backend.make(shape);
    backend.numbers(info).set(values);
    return info;
  }

  /** Positions and bits of what is above, by prefiltering and from the whole product. */
  function both(backend: EmbeddedBackend, { x, W, bias, scale }: Matrices, k: number, least: number) {
    const [m, n] = [x.length / k, W.length / k];
    const operands: Operands = {
      x: held(backend, x, [m, k]),
      W: held(backend, W, [k, n]),
      bias: bias && held(backend, bias, [n]),
      scale: scale && held(backend, scale, [n]),
    };
    const above = bothOf(backend, operands, least);
    for (const tensor of Object.values(operands)) if (tensor) backend.disposeData(tensor.dataId);
    return above;
  }

  function bothOf(backend: EmbeddedBackend, operands: Operands, least: number) {
    const { heap, pool } = backend;
    const [[m, k], [, n]] = [operands.x.shape, operands.W.shape];
    const prefiltering = new Prefilter(backend, operands);
    const finder = prefiltering.finder(Number.POSITIVE_INFINITY);
    const room = finder.block * finder.blocks;
    const [positions, bits, counts] = [room, room, finder.blocks].map((size) => heap.allocate(4 * size));
    finder.find(least, positions, counts, bits);
    const found: [number, number][] = [];
    for (const [block, count] of heap.words(counts, finder.blocks).entries()) {
      const at = 4 * block * finder.block;
      const [places, words] = [positions, bits].map((pointer) => heap.words(pointer + at, count));
      for (const [i, place] of places.entries()) found.push([place, words[i]]);
    }
    const whole = heap.floats(heap.allocate(4 * m * n), m * n);
    const product = { m, n, k, transposeA: false, transposeB: false };
    const [left, right] = [operands.x, operands.W].map((tensor) => backend.numbers(tensor));
    multiply({ pool, heap, blas: null }, left, right, whole, product, affineOf(backend, operands));
    const words = new Uint32Array(whole.slice().buffer);
    const want: [number, number][] = [];
    for (const [i, value] of whole.entries())
      if (!(value <= least)) want.push([i, Number.isNaN(value) ? 0x7fffffff : words[i]]);
    prefiltering.release();
    for (const pointer of [positions, bits, counts, whole.byteOffset]) heap.release(pointer);
    return { found, want };
  }

  /** About normal numbers. */
  function normal(count: number, seed: number, width = 1): Float32Array {
    const next = uniform(seed);
    return Float32Array.from({ length: count }, () => width * (next() + next() + next() + next() - 2));
  }

  // Ragged in every direction: tiles of 14 by 32, words of 4 terms, vectors of 16.
  it.each([
    [64, 512, 256],
    [1, 1, 1],
    [33, 300, 101],
    [15, 33, 17],
    [100, 1_000, 67],
    [29, 257, 1_026],
  ])('%i rows, %i columns, %i terms: the same positions and bits as of the whole product', (m, n, k) => {
    const [x, W] = [normal(m * k, 1), normal(k * n, 2)];
    const [bias, scale] = [normal(n, 3), normal(n, 4, 0.2).map((value) => value + 0.5)];
    for (const backend of backends) {
      for (const least of [0, 0.3 * Math.sqrt(k), -1e9, 1e9]) {
        const plain = both(backend, { x, W, bias: null, scale: null }, k, least);
        expect(plain.found).toEqual(plain.want);
        const affine = both(backend, { x, W, bias, scale }, k, least);
        expect(affine.found).toEqual(affine.want);
      }
    }
  });

  it('any numbers: far apart in size, of rank one, zeros, NaN, infinities, any scale', () => {
    const special = [
      0,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1e-42,
      3e38,
      1e-30,
    ];
    fc.assert(
      fc.property(
        fc.record({
          m: fc.integer({ min: 1, max: 31 }),
          n: fc.integer({ min: 1, max: 70 }),
          k: fc.integer({ min: 1, max: 70 }),
          seed: fc.nat(),
          spread: fc.constantFrom(0, 3, 20, 60, 200),
          odd: fc.constantFrom(0, 0, 0.001, 0.05),
          alike: fc.boolean(),
          least: fc.double({ min: -2, max: 2, noNaN: true }),
        }),
        ({ m, n, k, seed, spread, odd, alike, least }) => {
          const next = uniform(seed);
          const numbers = (count: number) =>
            Float32Array.from({ length: count }, () =>
              next() < odd
                ? special[Math.floor(next() * special.length)]
                : (2 * next() - 1) * 2 ** ((next() - 0.5) * spread),
            );
          const [x, W, bias, scale] = [m * k, k * n, n, n].map(numbers);
          // Columns that are the first row of x: products as large as norms allow.
          if (alike) for (let l = 0; l < k; l++) W.fill(x[l], l * n, (l + 1) * n);
          const { found, want } = both(backends[seed % 2], { x, W, bias, scale }, k, Math.fround(least));
          expect(found).toEqual(want);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a reshaped W, whose data are the same, has whole numbers of its own', () => {
    const [backend] = backends;
    const [m, n, k] = [20, 100, 64];
    const used = backend.heap.used;
    const [x, wide] = [k, k / 2].map((terms) => held(backend, normal(m * terms, 1), [m, terms]));
    const W = held(backend, normal(k * n, 2), [k, n]);
    const reshaped = { ...W, shape: [k / 2, 2 * n] };
    for (const [left, right] of [
      [x, W],
      [wide, reshaped],
      [x, W],
    ]) {
      const { found, want } = bothOf(backend, { x: left, W: right, bias: null, scale: null }, 3);
      expect(found).toEqual(want);
    }
    for (const { dataId } of [x, wide, W]) backend.disposeData(dataId);
    expect(backend.heap.used).toBe(used);
  });

  it('numbers so small that the product of two units is less than any', () => {
    const [m, n, k] = [14, 32, 8192];
    const [x, W] = [m * k, k * n].map((count) => new Float32Array(count).fill(3.3e-21));
    const { found, want } = both(backends[0], { x, W, bias: null, scale: null }, k, 5e-38);
    expect(want.length).toBe(m * n);
    expect(found).toEqual(want);
  });

  it('biases that are NaN or as large as numbers are, where bound / scale is infinite', () => {
    const [m, n, k] = [16, 64, 8];
    const [x, W] = [m * k, k * n].map((count) => new Float32Array(count).fill(1e17));
    const largest = 3.4028234e38;
    const bias = Float32Array.from({ length: n }, (_, j) => [Number.NaN, largest, 0, -largest][j % 4]);
    const scale = new Float32Array(n).fill(1e-10);
    const { found, want } = both(backends[0], { x, W, bias, scale }, k, Math.fround(3.5e28));
    expect(want.length).toBe((m * n) / 2);
    expect(found).toEqual(want);
    const above = both(backends[0], { x, W, bias, scale: null }, k, Number.POSITIVE_INFINITY);
    expect(above.found).toEqual(above.want);
  });

  it('bounds are sharp: a sum that rounds up to just above the bound is found', () => {
    const [m, n, k] = [16, 64, 300];
    const [x, W] = [normal(m * k, 5), normal(k * n, 6)];
    const [backend] = backends;
    const { want } = both(backend, { x, W, bias: null, scale: null }, k, -1e9);
    const values = new Float32Array(Uint32Array.from(want, ([, bits]) => bits).buffer);
    const sorted = values.slice().sort();
    // The bound is the number below each, so that it is above by the last bit alone.
    for (const value of sorted.slice(-40)) {
      const next = new Float32Array([value]);
      new Int32Array(next.buffer)[0]--;
      const { found, want: above } = both(backend, { x, W, bias: null, scale: null }, k, next[0]);
      expect(found).toEqual(above);
    }
  });

  it('gives up where more numbers may be above than it is told', () => {
    const [backend] = backends;
    const x = held(backend, normal(64 * 32, 7), [64, 32]);
    const W = held(backend, normal(32 * 128, 8), [32, 128]);
    const prefiltering = new Prefilter(backend, { x, W, bias: null, scale: null });
    const { block, blocks } = prefiltering.finder(0);
    const pointers = [block * blocks, blocks, block * blocks].map((size) => backend.heap.allocate(4 * size));
    expect(prefiltering.finder(64 * 128).find(0, pointers[0], pointers[1], pointers[2])).toBe(true);
    expect(prefiltering.finder(1000).find(0, pointers[0], pointers[1], pointers[2])).toBe(false);
    for (const pointer of pointers) backend.heap.release(pointer);
    prefiltering.release();
    for (const { dataId } of [x, W]) backend.disposeData(dataId);
  });

  it('looks at few: of normal numbers at the size of an encode, not twice as many as are above', () => {
    const [m, n, k] = [128, 1_024, 768];
    const [backend] = backends;
    const x = held(backend, normal(m * k, 9), [m, k]);
    const W = held(backend, normal(k * n, 10), [k, n]);
    const prefiltering = new Prefilter(backend, { x, W, bias: null, scale: null });
    // A sum of k products of two numbers of variance 1/3 deviates by √k/3; 0.6 % are above 2.5 of that.
    const least = (2.5 * Math.sqrt(k)) / 3;
    const few = prefiltering.finder(0.02 * m * n);
    const { block, blocks } = few;
    const pointers = [block * blocks, blocks, block * blocks].map((size) => backend.heap.allocate(4 * size));
    expect(few.find(least, pointers[0], pointers[1], pointers[2])).toBe(true);
    for (const pointer of pointers) backend.heap.release(pointer);
    prefiltering.release();
    const used = backend.heap.used;
    for (const { dataId } of [x, W]) backend.disposeData(dataId);
    // The whole numbers of W end with W.
    expect(used - backend.heap.used).toBeGreaterThan(4 * (m * k + 2 * k * n) + k * n);
  });
});
