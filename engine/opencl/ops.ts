import * as tf from '@tensorflow/tfjs-core';
import type { StepNumber } from '../step-numbers.ts';
import { type OpenClBackend, openClBackend } from './backend.ts';
import { DeviceCsr } from './device-csr.ts';
import { deviceKernel } from './device-kernel.ts';
import { marksOf } from './marks.ts';
import { multiply } from './matmul.ts';
import { selectLargest, selectOfRows, type Wanted } from './select.ts';
import { columnsTimesDense, dotsAt, gatherAt, rowsTimesDense } from './sparse-products.ts';

/*
 * The named operations whose codes are sparse, on the device. What they mean stands in engine/ops/; what is
 * not here is fused.ts or plain tfjs. A gradient is computed only where one is asked for.
 */

const tensorOf = (info: tf.TensorInfo, backend: OpenClBackend): tf.Tensor =>
  tf.engine().makeTensorFromTensorInfo(info, backend);

const matrixOf = (x: tf.TensorInfo, backend: OpenClBackend) => ({
  buffer: backend.buffer(x),
  rows: x.shape[0],
  columns: x.shape[1],
});

interface Parts {
  hasBias: boolean;
  hasScale: boolean;
}

const encoding = deviceKernel<Parts>({
  name: 'DeviceEncode',
  savedOutputs: 1,
  run([x, W, ...rest], { hasBias, hasScale }, backend) {
    const [m, k] = x.shape;
    const n = W.shape[1];
    const out = backend.make([m, n]);
    const [a, b, to] = [x, W, out].map((tensor) => backend.buffer(tensor));
    const bias = hasBias ? backend.buffer(rest[0]) : null;
    const scale = hasScale ? backend.buffer(rest[rest.length - 1]) : null;
    multiply(backend.device, a, b, to, {
      ...{ m, n, k, transposeA: false, transposeB: false, bias, scale, isEncode: true },
    });
    return [out];
  },
  gradients([dy], saved, { hasBias, hasScale }, backend) {
    const [x, W] = saved;
    const h = saved[saved.length - 1];
    const scale = hasScale ? saved[saved.length - 2] : null;
    const codes = backend.sparse(dy);
    const { inner, db, dscale } =
      codes && (hasBias || hasScale)
        ? sparseParts(codes, h, scale, backend)
        : { inner: scale ? tf.mul(dy, scale) : dy, db: null, dscale: null };
    return [
      () => tf.matMul(inner, W, false, true),
      () => tf.matMul(x, inner, true, false),
      ...(hasBias ? [() => (db ? tf.clone(db) : tf.sum(inner, 0))] : []),
      // The value before scaling is h / scale.
      ...(scale ? [() => (dscale ? tf.clone(dscale) : tf.div(tf.sum(tf.mul(dy, h), 0), scale))] : []),
    ];
  },
});

/** The gradient of the product alone, and those of bias and scale, where the incoming one is sparse. */
function sparseParts(codes: DeviceCsr, h: tf.Tensor, scale: tf.Tensor | null, backend: OpenClBackend) {
  const { pattern, values } = codes;
  const { device, columns, most } = pattern;
  const { begins, order, rowOf } = pattern.byColumn();
  const scaled = device.allocate(Math.max(1, most));
  const [db, dscale] = [backend.make([columns]), backend.make([columns])];
  const outs = [scaled, backend.buffer(db), backend.buffer(dscale)];
  const factors = scale ? backend.buffer(scale) : null;
  const at = scale ? backend.buffer(h) : null;
  const args = [begins, order, rowOf, values, at, factors, columns, scale ? 1 : 0, ...outs];
  device.launch(
    'sparse',
    'column_gradients',
    { global: [columns * TEAM], local: [device.group] },
    args,
    VECTOR,
  );
  return {
    inner: tensorOf(backend.makeSparse(new DeviceCsr(pattern, scaled)), backend),
    db: tensorOf(db, backend),
    dscale: tensorOf(dscale, backend),
  };
}

/** Work items for a column, as in sparse.cl, and the build of the program that other kernels use too. */
const TEAM = 32;
const VECTOR = '-D VECTOR=4';

export function encode(
  x: tf.Tensor,
  W: tf.Tensor,
  b?: tf.Tensor | null,
  scale?: tf.Tensor | null,
): tf.Tensor {
  const inputs = [x, W, ...(b ? [b] : []), ...(scale ? [scale] : [])];
  return encoding(inputs, { hasBias: Boolean(b), hasScale: Boolean(scale) })[0];
}

interface Selection {
  /** Of the whole batch, or of each row. */
  of: 'batch' | 'rows';
  count: Wanted;
  /** Latents that are marked, where there is a second input with the marks. */
  marked: number;
}

const selecting = deviceKernel<Selection>({
  name: 'DeviceSelect',
  savedOutputs: 1,
  run([h, marks], { of, count, marked }, backend) {
    const matrix = matrixOf(h, backend);
    const among = marks ? { marks: backend.buffer(marks), count: marked } : null;
    const codes =
      of === 'batch'
        ? selectLargest(backend.device, matrix, count)
        : selectOfRows(backend.device, matrix, count, among);
    return [backend.makeSparse(codes)];
  },
  gradients([dy], saved, _attributes, backend) {
    const { pattern } = backend.sparse(saved[saved.length - 1]) as DeviceCsr;
    return [
      () => {
        // Usually the gradient of a decode, which has the same pattern.
        if (backend.sparse(dy)?.pattern === pattern) return tf.clone(dy);
        const values = gatherAt(pattern, backend.buffer(dy));
        return tensorOf(backend.makeSparse(new DeviceCsr(pattern, values)), backend);
      },
      () => tf.zerosLike(saved[1]),
    ];
  },
});

export function batchTopK(h: tf.Tensor, k: StepNumber): tf.Tensor {
  const countOf = (value: number) => Math.min(h.size, Math.floor(value * (h.shape[0] as number)));
  const count = typeof k === 'number' ? countOf(k) : { ...k.place(countOf), most: countOf(k.most) };
  return selecting([h], { of: 'batch', count, marked: 0 })[0];
}

export function topK(h: tf.Tensor, k: StepNumber): tf.Tensor {
  const count = typeof k === 'number' ? Math.floor(k) : { ...k.place(Math.floor), most: Math.floor(k.most) };
  return selecting([h], { of: 'rows', count, marked: 0 })[0];
}

export function largestAmong(h: tf.Tensor, k: number, among: Uint8Array): tf.Tensor {
  const there = marksOf(among);
  // How many are marked is known there alone: the lists have room for all columns.
  const marked = there ? among.length : among.reduce((sum, mark) => sum + mark, 0);
  const marks = there?.marks ?? tf.tensor1d(Int32Array.from(among), 'int32');
  return selecting([h, marks], { of: 'rows', count: Math.floor(k), marked })[0];
}

interface Banded {
  bands: number;
}

const decoding = deviceKernel<Banded>({
  name: 'DeviceDecode',
  savedOutputs: 0,
  run([z, W, bandOf], { bands }, backend) {
    const [rows, n] = [z.shape[0], W.shape[1]];
    const parts = Array.from({ length: bands }, () => backend.make([rows, n]));
    const buffers = parts.map((part) => backend.buffer(part));
    rowsTimesDense(backend.nonZeros(z), backend.buffer(W), n, buffers, backend.buffer(bandOf));
    return parts;
  },
  gradients(dys, [z, W, bandOf], _attributes, backend) {
    const codes = backend.nonZeros(z);
    const n = W.shape[1] as number;
    const parts = dys.map((dy) => backend.buffer(dy));
    const bandsAt = backend.buffer(bandOf);
    return [
      () =>
        tensorOf(backend.makeSparse(dotsAt(codes.pattern, parts, backend.buffer(W), n, bandsAt)), backend),
      () => {
        const dW = backend.make(W.shape);
        columnsTimesDense(codes, parts, n, backend.buffer(dW), bandsAt);
        return tensorOf(dW, backend);
      },
      () => tf.zerosLike(bandOf),
    ];
  },
});

export function decodeBands(z: tf.Tensor, W: tf.Tensor, bandOf: Uint8Array, bands: number): tf.Tensor[] {
  const there = marksOf(bandOf)?.marks ?? tf.tensor1d(Int32Array.from(bandOf), 'int32');
  return decoding([z, W, there], { bands });
}

/** Where no selection made the codes, a dense product takes less time than a search for their non-zeros. */
export function decode(z: tf.Tensor, W: tf.Tensor): tf.Tensor {
  const known = openClBackend()?.sparse(z);
  return known ? decoding([z, W, tf.tensor1d([0], 'int32')], { bands: 1 })[0] : tf.matMul(z, W);
}
