import { EmbeddedBackend } from './backend.ts';
import { multiply } from './gemm.ts';
import type { Pool } from './pool.ts';
import { PrefilteredProduct } from './prefiltered-product.ts';
import { among, largestAbove } from './scan.ts';

/** Large enough for several tiles, with a rest in every direction: a start of the engine takes it along. */
const TRIAL = { m: 31, n: 100, k: 71, transposeA: false, transposeB: false };
const COUNT = 100;

/** Whether a selection by prefiltering has the bits of that from the whole product, on this processor. */
export function isPrefilterRight(pool: Pool): boolean {
  const backend = new EmbeddedBackend(pool, null);
  const { m, n, k } = TRIAL;
  const [x, W, whole] = [
    [m, k],
    [k, n],
    [m, n],
  ].map((shape) => backend.make(shape));
  const [left, right, numbers] = [x, W, whole].map((tensor) => backend.numbers(tensor));
  for (const values of [left, right])
    for (let i = 0; i < values.length; i++) values[i] = ((i * 7919) % 1013) / 1013 - 0.5;
  multiply(backend, left, right, numbers, TRIAL);
  // Twice as many are above the bound as are taken.
  const least = numbers.slice().sort()[m * n - 2 * COUNT];
  const wanted = { rows: m, count: COUNT, least, limit: m * n };
  const want = largestAbove(backend, among(backend, numbers), wanted);
  const product = new PrefilteredProduct(backend, { x, W, bias: null, scale: null });
  const got = product.largestAbove(COUNT, least);
  product.release();
  for (const { dataId } of [x, W, whole]) backend.disposeData(dataId);
  if (!want || !got) return false;
  return (['offsets', 'indices', 'values'] as const).every((part) =>
    want[part].every((value, i) => value === got[part][i]),
  );
}
