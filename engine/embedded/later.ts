import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { SparseCodes } from '#contract/codes';
import type { EmbeddedBackend, Later } from './backend.ts';
import { hold, letGo, presentOf } from './holding.ts';
import { sumOfTransposed } from './products.ts';

/** A product codesᵀ·parts, by bands of latents as in ../products.ts. */
interface Product {
  codes: SparseCodes;
  parts: readonly TensorInfo[];
  bandOf?: Uint8Array;
}

/**
 * A sum of products, which is computed when its numbers are first read: gradients of weights that are used
 * several times become one pass. Until then it holds the data of its dense matrices.
 */
class SumOfProducts implements Later {
  constructor(
    private readonly backend: EmbeddedBackend,
    readonly products: readonly Product[],
    readonly shape: readonly number[],
    readonly isFlipped: boolean,
  ) {
    hold(backend, this.parts);
  }

  private get parts(): TensorInfo[] {
    return this.products.flatMap(({ parts }) => parts);
  }

  compute(out: Float32Array): void {
    const { backend, products, shape, isFlipped } = this;
    const terms = products.map(({ codes, parts, bandOf }) => ({
      codes,
      parts: parts.map((part) => backend.numbers(part)),
      bandOf,
    }));
    const [columns, n] = isFlipped ? [shape[1], shape[0]] : shape;
    sumOfTransposed(backend, terms, columns, n, out, isFlipped);
  }

  release(): void {
    letGo(this.backend, this.parts);
  }
}

/** The product codesᵀ·parts as a tensor [columns, n], or with `isFlipped` its transpose. */
export function transposedProduct(
  backend: EmbeddedBackend,
  product: Product,
  columns: number,
  isFlipped = false,
): TensorInfo {
  const n = product.parts[0].shape[1];
  const shape = isFlipped ? [n, columns] : [columns, n];
  const present = { ...product, parts: product.parts.map(presentOf) };
  return backend.makeLater(shape, new SumOfProducts(backend, [present], shape, isFlipped));
}

/** The sum of two such tensors of which no number was read yet; else null. */
export function sumOfProducts(a: TensorInfo, b: TensorInfo, backend: EmbeddedBackend): TensorInfo | null {
  const [x, y] = [a, b].map((tensor) => unread(tensor, backend));
  if (!x || !y || x.isFlipped !== y.isFlipped || !tf.util.arraysEqual(a.shape, b.shape)) return null;
  const { shape, isFlipped } = x;
  const products = [...x.products, ...y.products];
  return backend.makeLater(shape, new SumOfProducts(backend, products, shape, isFlipped));
}

/** What a tensor of this shape is to become; a reshaped one shares its data. */
function unread(tensor: TensorInfo, backend: EmbeddedBackend): SumOfProducts | null {
  const later = backend.laterOf(tensor);
  return later instanceof SumOfProducts && tf.util.arraysEqual(later.shape as number[], tensor.shape)
    ? later
    : null;
}
