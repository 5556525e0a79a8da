import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { endLoading, loadingWord } from '../native/loading.mjs';
import { uniform } from '../random.ts';
import * as words from './chunks.mjs';
import type { SharedMemory } from './heap.ts';
import { needsRelaxedSimdFlag, Pool } from './pool.ts';

declare const WebAssembly: {
  Memory: new (options: object) => SharedMemory;
  Module: new (bytes: Uint8Array) => object;
};

const pools = [new Pool(1), new Pool(3), new Pool(2, { build: 'plain' })];
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

const random = (count: number, seed: number) => {
  const next = uniform(seed);
  return Float32Array.from({ length: count }, () => 2 * next() - 1);
};

/** Runs a kernel over copies of `inputs` and returns what it writes; pointers: inputs, then the result. */
function result(
  pool: Pool,
  inputs: Float32Array[],
  size: number,
  run: (pointers: number[]) => [name: string, items: number, ...parameters: number[]],
): Float32Array {
  const { heap } = pool;
  const blocks = [...inputs.map((input) => input.length), size].map((count) => heap.allocate(4 * count));
  for (const [i, input] of inputs.entries()) heap.floats(blocks[i], input.length).set(input);
  const [name, items, ...parameters] = run(blocks);
  // Declares much work per item, so that all threads take part.
  pool.run(name, items, 1 << 20, ...parameters);
  const out = Float32Array.from(heap.floats(blocks[inputs.length], size));
  for (const block of blocks) heap.release(block);
  return out;
}

const close = (got: Float32Array, want: ArrayLike<number>, tolerance = 1e-5) => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i] - want[i]) <= tolerance * (1 + Math.abs(want[i]))))
      expect(got[i], `at ${i}`).toBe(want[i]);
  }
};

it('asks V8 for relaxed SIMD only where it stands behind a flag', () => {
  for (const version of ['11.3.244.8-node.30', '10.2.154.26'])
    expect(needsRelaxedSimdFlag(version)).toBe(true);
  for (const version of ['11.4.183.1', '12.4.254.21-node.33', '13.6.233.10-node.28', '14.1.0'])
    expect(needsRelaxedSimdFlag(version)).toBe(false);
});

it('a closed job gives no chunk, whatever it is described as', () => {
  const control = new Int32Array(new SharedArrayBuffer(words.ARGUMENTS));
  // Words of two jobs mixed: a million items of one, with the chunk size of the other.
  control[words.NEXT] = (7 << 16) | words.CLOSED;
  control.set([1 << 20, 1], words.ITEMS);
  let taken = 0;
  words.takeChunks(control, new Float64Array(words.MAX_ARGUMENTS), [() => taken++]);
  expect(taken).toBe(0);
  expect(control[words.NEXT]).toBe((7 << 16) | words.CLOSED);
});

/**
 * `fill(_, _, at)` zeroes 64 bytes by memory.fill, which checks the size of the memory; plain stores do not.
 */
const fillingModule = new WebAssembly.Module(
  Buffer.from(
    // Header; type (i32, i32, i32) -> (); import env.memory, shared, 1 to 4096 pages.
    '0061736d01000000' +
      '01070160037f7f7f00' +
      '02110103656e76066d656d6f727902030180' +
      '20' +
      // One function, exported as `fill`; its code.
      '03020100' +
      '0708010466696c6c0000' +
      '0a0e010c00' +
      '2002' +
      '4100' +
      '41c000' +
      'fc0b00' +
      '0b',
    'hex',
  ),
);

// The times at which a thread copies `slow`, and after it the memory, differ between machines.
it.each([20, 40, 60, 80, 110, 150])(
  'a thread works on all of a memory that grew %i ms after it was handed over',
  async (ms) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4096, shared: true });
    const control = new Int32Array(memory.buffer, 0, words.ARGUMENTS / 4);
    control[words.NEXT] = words.CLOSED;
    const slow = Array.from({ length: 200_000 }, (_, i) => [i]);
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
      workerData: { slow, module: fillingModule, memory },
      execArgv: [],
    });
    await new Promise((resolve) => setTimeout(resolve, ms));
    memory.grow(1);
    // A job of one item: the kernel zeroes the end of the memory.
    new Float64Array(memory.buffer, words.ARGUMENTS)[0] = memory.buffer.byteLength - 64;
    control.set([0, 0, 0, 1, 1, 1], words.DONE);
    Atomics.store(control, words.NEXT, 1 << 16);
    Atomics.store(control, words.JOBS, 1);
    Atomics.notify(control, words.JOBS);
    while (Atomics.load(control, words.DONE) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(control[words.FAILED]).toBe(0);
    await worker.terminate();
  },
);

it('a thread whose pool was closed before it loads kernels in C takes no job', async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4096, shared: true });
  const control = new Int32Array(memory.buffer, 0, words.ARGUMENTS / 4);
  control.set([0, 0, 0, 1, 1, 1], words.DONE);
  const loading = loadingWord();
  endLoading(loading, 0);
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
    workerData: { module: fillingModule, memory, native: '/nowhere.so', loading },
    execArgv: [],
  });
  await once(worker, 'online');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(control[words.NEXT]).toBe(0);
  // It has not failed to load either.
  expect(await worker.terminate()).toBe(1);
});

describe('kernels, on one thread, on three, and without relaxed SIMD', () => {
  it('multiply matrices of any size', () => {
    fc.assert(
      fc.property(
        fc.record({
          m: fc.integer({ min: 1, max: 110 }),
          n: fc.integer({ min: 1, max: 600 }),
          k: fc.integer({ min: 1, max: 40 }),
        }),
        ({ m, n, k }) => {
          const [a, b] = [random(m * k, 1), random(k * n, 2)];
          const want = new Float64Array(m * n);
          for (let i = 0; i < m; i++) {
            for (let l = 0; l < k; l++) {
              for (let j = 0; j < n; j++) want[i * n + j] += a[i * k + l] * b[l * n + j];
            }
          }
          const panels = Math.ceil(n / 8);
          const products = pools.map((pool) => {
            const packed = result(pool, [b], panels * 8 * k, ([from, to]) => [
              'packPanels',
              panels,
              from,
              k,
              n,
              to,
            ]);
            const blocks = Math.ceil(m / 96) * Math.ceil(n / 512);
            return result(pool, [a, packed], m * n, ([x, y, to]) => ['multiply', blocks, x, y, to, m, n, k]);
          });
          for (const product of products) close(product, want);
          // The result is the same bit for bit on any number of threads.
          expect(products[1]).toEqual(products[0]);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('go on beyond the first 384 terms', () => {
    const [m, n, k] = [7, 17, 1000];
    const [a, b] = [random(m * k, 3), random(n * k, 4)];
    const want = Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return a.subarray(i * k, (i + 1) * k).reduce((sum, v, l) => sum + v * b[j * k + l], 0);
    });
    for (const pool of pools) {
      const packed = result(pool, [b], 24 * k, ([from, to]) => ['packPanelsTransposed', 3, from, k, n, to]);
      close(
        result(pool, [a, packed], m * n, ([x, y, to]) => ['multiply', 1, x, y, to, m, n, k]),
        want,
        1e-4,
      );
    }
  });

  it('transpose, and find what is above a bound, in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), (rows, columns) => {
        const a = random(rows * columns, rows);
        const flipped = Array.from(a, (_, at) => a[(at % rows) * columns + Math.floor(at / rows)]);
        const found = [...a.keys()].filter((i) => a[i] > 0.4);
        for (const pool of pools) {
          const strips = Math.ceil(rows / 16);
          close(
            result(pool, [a], a.length, ([from, to]) => ['transpose', strips, from, rows, columns, to]),
            flipped,
          );
          const { heap } = pool;
          const [from, to, counts] = [1, 1, 1].map(() => heap.allocate(4 * a.length));
          heap.floats(from, a.length).set(a);
          const blocks = Math.ceil(a.length / 50);
          pool.run('above', blocks, 1 << 20, from, a.length, 50, 0.4, to, counts, 0);
          const perBlock = Array.from(heap.words(counts, blocks));
          const positions = perBlock.flatMap((count, i) => Array.from(heap.words(to + 200 * i, count)));
          expect(positions).toEqual(found);
          for (const block of [from, to, counts]) heap.release(block);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('run far above 2 GiB, where pointers are no 32-bit integers', () => {
    // Reserved and never touched, so it takes no physical memory.
    const { heap } = pools[1];
    const low = heap.allocate(2.25 * 2 ** 30);
    const x = random(100_003, 5);
    close(
      result(pools[1], [x], x.length, ([from, to]) => {
        expect(from).toBeGreaterThan(2 ** 31);
        return ['neg', 25, from, to, x.length, 4096];
      }),
      x.map((v) => -v),
    );
    heap.release(low);
  });
});

it('many jobs in quick succession, each complete when run returns', () => {
  const { heap } = pools[1];
  const pointer = heap.allocate(4 * 64);
  const x = heap.floats(pointer, 64).fill(1);
  // 4 numbers an item, 16 items, each a chunk of its own.
  for (let i = 0; i < 5000; i++) pools[1].run('neg', 16, 1 << 20, pointer, pointer, 64, 4);
  expect(x.every((v) => v === 1)).toBe(true);
  pools[1].run('neg', 16, 1 << 20, pointer, pointer, 64, 4);
  expect(x.every((v) => v === -1)).toBe(true);
  heap.release(pointer);
});

it('a kernel that there is not is an error', () => {
  expect(() => pools[0].run('divination', 1, 1)).toThrow('there is no kernel "divination"');
});

it('a kernel that fails is an error with its cause, and the next job is none', async () => {
  const pool = new Pool(2);
  const { heap } = pool;
  const end = heap.memory.buffer.byteLength;
  expect(end).toBeLessThan(2 ** 32);
  expect(() => pool.run('neg', 64, 1 << 20, end, end, 256, 4)).toThrow('the kernel "neg" failed');
  const pointer = heap.allocate(4 * 256);
  const x = heap.floats(pointer, 256).fill(1);
  pool.run('neg', 64, 1 << 20, pointer, pointer, 256, 4);
  expect(x.every((v) => v === -1)).toBe(true);
  await pool.close();
});

it('a thread that ends with a chunk in its hands is an error, not a wait for ever', async () => {
  const pool = new Pool(2, { stalledMs: 2000 });
  const pointer = pool.heap.allocate(4 * 4096);
  // Acts like a thread that dies: takes a chunk and ends.
  const thief = new Worker(
    `const { parentPort, workerData: { memory, NEXT } } = require('node:worker_threads');
    const control = new Int32Array(memory.buffer, 0, 16);
    parentPort.postMessage('ready');
    for (;;) {
      const next = Atomics.load(control, NEXT);
      const chunk = next & 0xffff;
      if (chunk > 0 && chunk < 1000 && Atomics.compareExchange(control, NEXT, next, next + 1) === next) break;
    }`,
    { eval: true, workerData: { memory: pool.heap.memory, NEXT: words.NEXT } },
  );
  await once(thief, 'message');
  // On a busy machine it takes long until that thread gets its time.
  const end = performance.now() + 120_000;
  expect(() => {
    while (performance.now() < end) pool.run('neg', 1024, 1 << 20, pointer, pointer, 4096, 4);
  }).toThrow(
    /^the kernel "neg" has made no progress for 2 s, at 1023 of 1024 chunks: a thread has ended or hangs/,
  );
  await Promise.all([thief.terminate(), pool.close()]);
});
