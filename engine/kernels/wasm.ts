import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelConfig, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { compute } from '../kernel.ts';
import * as products from '../products.ts';
import { isMatrix, sparseMatMul, transposed, withTransposed } from './matrices.ts';

/**
 * Kernels of our own in the place of some of the wasm backend's, so that plain tfjs code is fast too. Measured with 1024 ×
 * 128 numbers: a transposed matMul 4.8 → 0.4 ms, transpose 0.85 → 0.21, sum over the batch 0.91 → 0.02, clone 10 → 1 µs.
 * They hand over to the backend's own function whatever is not a float32 matrix.
 */
export function installWasmKernels(): void {
  override('BatchMatMul', (own) => ({
    ...own,
    kernelFunc(args) {
      const { a, b } = args.inputs as { a: TensorInfo; b: TensorInfo };
      const { transposeA, transposeB } = args.attrs as unknown as Transposes;
      if (!isMatrix(a) || !isMatrix(b)) return own.kernelFunc(args);
      return product(a, b, transposeA, transposeB, (left, right) =>
        own.kernelFunc({
          ...args,
          inputs: { a: left, b: right },
          attrs: { transposeA: false, transposeB: false } as unknown as NamedAttrMap,
        }),
      );
    },
  }));
  // The backend's own copies the numbers. Tensors never change, so a clone may share them, non-zeros that are known included.
  override('Identity', (own) => ({
    ...own,
    kernelFunc({ inputs, backend }) {
      const { x } = inputs as { x: TensorInfo };
      (backend as BackendWasm).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  }));
  override('Transpose', (own) => ({
    ...own,
    kernelFunc(args) {
      const { x } = args.inputs as { x: TensorInfo };
      const { perm } = args.attrs as unknown as { perm: number[] };
      return isMatrix(x) && perm[0] === 1 ? transposed(x) : own.kernelFunc(args);
    },
  }));
  override('Sum', (own) => ({
    ...own,
    kernelFunc(args) {
      const { x } = args.inputs as { x: TensorInfo };
      const { axis, keepDims } = args.attrs as unknown as {
        axis: number | number[] | null;
        keepDims: boolean;
      };
      const axes = typeof axis === 'number' ? [axis] : axis;
      if (!isMatrix(x) || axes === null || axes.length !== 1 || axes[0] !== 0) return own.kernelFunc(args);
      const [rows, columns] = x.shape;
      return compute([x], keepDims ? [1, columns] : [columns], (out, values) =>
        products.sumRows(values, rows, columns, out),
      );
    },
  }));
}

interface Transposes {
  transposeA: boolean;
  transposeB: boolean;
}

type Dense = (a: TensorInfo, b: TensorInfo) => TensorInfo | TensorInfo[];

/** A product that takes rows of non-zeros where an operand has few of them, and never a transposed dense product. */
function product(
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  dense: Dense,
): TensorInfo | TensorInfo[] {
  const sparse = sparseMatMul(a, b, transposeA, transposeB);
  if (sparse) return sparse;
  if (transposeA) return withTransposed(a, (left) => product(left, b, false, transposeB, dense));
  if (transposeB) return withTransposed(b, (right) => dense(a, right));
  return dense(a, b);
}

function override(kernelName: string, wrap: (own: KernelConfig) => KernelConfig): void {
  const own = tf.getKernel(kernelName, 'wasm');
  // Installed once only: a second wrap would call itself.
  if (installed.has(kernelName)) return;
  installed.add(kernelName);
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel(wrap(own));
}

const installed = new Set<string>();
