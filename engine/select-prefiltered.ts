import type * as tf from '@tensorflow/tfjs-core';
import { embeddedBackend } from './embedded/backend.ts';
import { type PrefilteredProduct, unreadPrefiltered } from './embedded/prefiltered-product.ts';
import { numbers } from './kernel.ts';
import { hintOfCuts, noteCut, smallest } from './last-cuts.ts';
import { selectLargest } from './select.ts';
import { keepAbove, selectAbove } from './select-above.ts';
import { marked, selectLargestAmong } from './select-among.ts';
import type { Csr } from './sparse.ts';

/*
 * Selections from a matrix that may be a product whose numbers nobody has read. Of such a product those
 * numbers alone are computed that a selection may need, with the bits that they have in the whole product.
 */

const unread = (h: tf.Tensor): PrefilteredProduct | null => {
  const embedded = embeddedBackend();
  return embedded && unreadPrefiltered(embedded, h);
};

/** The `count` largest positive numbers, over all rows together, as `selectLargest` selects them. */
export function selectLargestOf(h: tf.Tensor2D, count: number): Csr {
  const product = count > 0 ? unread(h) : null;
  const selected = product && largestOfProduct(product, count);
  if (!selected) return selectLargest(numbers(h), h.shape[0], count);
  noteCut(smallest(selected.values));
  return selected;
}

/** Null if neither an earlier cut nor the first rows give a bound that leaves few. */
function largestOfProduct(product: PrefilteredProduct, count: number): Csr | null {
  const hint = hintOfCuts();
  const selected = hint > 0 ? product.largestAbove(count, hint) : null;
  if (selected) return selected;
  const guess = product.guessBelow(count);
  return guess > 0 ? product.largestAbove(count, guess) : null;
}

/** The positive numbers that exceed the threshold of their column, as `selectAbove` selects them. */
export function selectAboveOf(h: tf.Tensor2D, thresholds: Float32Array): Csr {
  const product = unread(h);
  const found = product?.above(thresholds.map((threshold) => Math.max(0, threshold)));
  return found ? keepAbove(found, thresholds) : selectAbove(numbers(h), h.shape[0], thresholds);
}

/** Of more columns the whole product takes less time. */
const MOST_COLUMNS = 0.5;

/** The k largest of each row among the marked columns, as `selectLargestAmong` selects them. */
export function selectLargestAmongOf(h: tf.Tensor2D, k: number, among: Uint8Array): Csr {
  const [rows, columns] = h.shape;
  const product = unread(h);
  const candidates = marked(among);
  if (!product || candidates.length > MOST_COLUMNS * columns || candidates.length === 0)
    return selectLargestAmong(numbers(h), rows, k, among);
  const all = new Uint8Array(candidates.length).fill(1);
  const codes = product.withColumns(candidates, (values) => selectLargestAmong(values, rows, k, all));
  return { ...codes, indices: codes.indices.map((index) => candidates[index]) };
}
