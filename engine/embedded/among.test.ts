import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { levelsOf } from '../native/levels.ts';
import { openNative } from '../native/open.ts';
import { isInstalled } from '../packages.ts';
import { uniform } from '../random.ts';
import { selectLargestAmong } from '../select-among.ts';
import { takeLargestAmong } from './among.ts';
import { Pool } from './pool.ts';
import { readCpuinfo } from './processor.ts';

const source = new URL('./native/kernels.c', import.meta.url);
const isHere = process.platform === 'linux' && process.arch === 'x64' && isInstalled('koffi');
const pools = (isHere ? levelsOf(readCpuinfo()) : []).flatMap((level) =>
  [1, 3].map((threads) => new Pool(threads, { native: openNative(source, level) })),
);
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

/** Expects what the form in TypeScript selects: these arrays lie outside of the backend's memory. */
function expectSame(values: Float32Array, rows: number, k: number, among: Uint8Array): void {
  const want = selectLargestAmong(values, rows, k, among);
  const columns = Uint32Array.from([...among.keys()].filter((column) => among[column] === 1));
  for (const pool of pools) {
    const { heap } = pool;
    const view = heap.floats(heap.allocate(values.byteLength), values.length);
    view.set(values);
    const size = rows * Math.min(k, columns.length);
    const got = { indices: new Uint32Array(size), values: new Float32Array(size) };
    takeLargestAmong({ pool, heap }, view, rows, columns, got);
    heap.release(view.byteOffset);
    expect([got.indices, got.values]).toEqual([want.indices, want.values]);
  }
}

// Few different numbers make ties.
const number = fc.constantFrom(0, -0, 1, -1, 2, Number.NaN, Infinity, -Infinity, 0.5, -2, 1e-42, -1e-42);
const cases = fc.integer({ min: 1, max: 40 }).chain((columns) =>
  fc.record({
    rows: fc.array(fc.array(number, { minLength: columns, maxLength: columns }), {
      minLength: 1,
      maxLength: 5,
    }),
    among: fc.array(fc.constantFrom(0, 1), { minLength: columns, maxLength: columns }),
    k: fc.integer({ min: 1, max: 45 }),
  }),
);

it.skipIf(pools.length === 0)('selects what the form in TypeScript does (SKIP without AVX2)', () => {
  fc.assert(
    fc.property(cases, ({ rows, among, k }) => {
      fc.pre(among.includes(1));
      expectSame(Float32Array.from(rows.flat()), rows.length, k, Uint8Array.from(among));
    }),
  );
});

it.skipIf(pools.length === 0)(
  'does so on all threads, in rows of many candidates (SKIP without AVX2)',
  () => {
    const [rows, columns] = [300, 1_000];
    const next = uniform(1);
    const values = Float32Array.from({ length: rows * columns }, () => Math.round(200 * next() - 100) / 7);
    const among = Uint8Array.from({ length: columns }, () => Number(next() < 0.3));
    for (const k of [1, 120, 1_000]) expectSame(values, rows, k, among);
  },
);
