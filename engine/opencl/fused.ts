import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import { deviceKernel } from './device-kernel.ts';

/*
 * Named operations over whole rows, each in one pass over its operands on the device. What they mean stands
 * in engine/ops/.
 */

/** A new tensor that a kernel of fused.cl writes. */
function computed(
  shape: readonly number[],
  backend: OpenClBackend,
  queue: (out: tf.TensorInfo) => void,
): tf.Tensor {
  const out = backend.make(shape);
  queue(out);
  return tf.engine().makeTensorFromTensorInfo(out, backend);
}

const buffers = (backend: OpenClBackend, ...tensors: tf.TensorInfo[]) =>
  tensors.map((tensor) => backend.buffer(tensor));

const norms = deviceKernel<object>({
  name: 'DeviceRowNorms',
  savedOutputs: 1,
  run([W], _attributes, backend) {
    const [rows, n] = W.shape;
    const out = backend.make([rows]);
    backend.device.rows('fused', 'row_norms', rows, [...buffers(backend, W, out), n]);
    return [out];
  },
  gradients: ([dy], [W, lengths], _attributes, backend) => [
    () =>
      computed(W.shape, backend, (out) => {
        const args = [...buffers(backend, W, lengths, dy, out), W.size, W.shape[1] as number];
        backend.device.each('fused', 'row_norms_gradient', W.size, args);
      }),
  ],
});

export const rowNorms = (W: tf.Tensor): tf.Tensor => norms([W], {})[0];

/** As in ops/unit-rows.ts: a row of zeros must not divide by 0. */
const LEAST_NORM = 1e-8;

const units = deviceKernel<object>({
  name: 'DeviceUnitRows',
  savedOutputs: 2,
  run([W], _attributes, backend) {
    const [count, n] = W.shape;
    const outs = [backend.make(W.shape), backend.make([count])];
    backend.device.rows('fused', 'unit_rows', count, [...buffers(backend, W, ...outs), n, LEAST_NORM]);
    return outs;
  },
  gradients: (dys, [W, ...outputs], _attributes, backend) => [
    () =>
      computed(W.shape, backend, (out) => {
        const [count, n] = W.shape as [number, number];
        const args = [...buffers(backend, ...outputs, ...dys, out), n, LEAST_NORM];
        backend.device.rows('fused', 'unit_rows_gradient', count, args);
      }),
  ],
});

export function unitRows(W: tf.Tensor): { rows: tf.Tensor; norms: tf.Tensor } {
  const [rows, lengths] = units([W], {});
  return { rows, norms: lengths };
}

const errors = deviceKernel<object>({
  name: 'DeviceSquaredErrors',
  savedOutputs: 0,
  run([a, b], _attributes, backend) {
    const [rows, n] = a.shape;
    const out = backend.make([rows]);
    const { device } = backend;
    device.member('fused', 'squared_errors', rows * device.group, buffers(backend, a, b, out), [n]);
    return [out];
  },
  gradients([dy], [a, b], _attributes, backend) {
    const of = (sign: number) => () =>
      computed(a.shape, backend, (out) => {
        const args = [...buffers(backend, dy, a, b, out), a.size, a.shape[1] as number, sign];
        backend.device.each('fused', 'squared_errors_gradient', a.size, args);
      });
    return [of(1), of(-1)];
  },
});

export const squaredErrors = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => errors([a, b], {})[0];

interface Tilted {
  tilt: number;
}

const meanErrors = deviceKernel<Tilted>({
  name: 'DeviceMeanErrors',
  // The weights of the rows are an output for the gradient alone.
  savedOutputs: 2,
  run([a, b], { tilt }, backend) {
    const { device } = backend;
    const [rows, n] = a.shape;
    const [mean, weights, squares] = [backend.make([]), backend.make([rows]), device.allocate(rows)];
    const [x, y] = buffers(backend, a, b);
    device.member('fused', 'squared_errors', rows * device.group, [x, y, squares], [n]);
    const outs = buffers(backend, weights, mean);
    device.member('fused', 'tilted_mean', device.group, [squares, ...outs], [rows, tilt]);
    device.release(squares);
    return [mean, weights];
  },
  gradients([dy], [a, b, , weights], _attributes, backend) {
    const of = (sign: number) => () =>
      computed(a.shape, backend, (out) => {
        const numbers = [a.size, a.shape[1] as number, sign];
        const all = buffers(backend, dy, weights, a, b, out);
        backend.device.member('fused', 'mean_errors_gradient', a.size, all, numbers);
      });
    return [of(1), of(-1)];
  },
});

/** The mean of the rows' squared errors, tilted as in sae/parts/losses.ts; the weights are constants. */
export const tiltedErrors = (a: tf.Tensor, b: tf.Tensor, tilt: number): tf.Tensor =>
  meanErrors([a, b], { tilt })[0];

interface Gate {
  bandwidth: number;
  /** Whether it counts what passes (stepCount), or lets it through (jumpRelu). */
  counting: boolean;
}

/** Rows of the batch that one work item adds up at most. */
const SLICE = 32;

const gate = deviceKernel<Gate>({
  name: 'DeviceGate',
  savedOutputs: 0,
  run([h, theta], { counting }, backend) {
    const out = backend.make(h.shape);
    const [rows, columns] = h.shape;
    const args = [...buffers(backend, h, theta, out), rows * columns, columns, Number(counting)];
    backend.device.each('fused', 'gate', rows * columns, args);
    return [out];
  },
  gradients([dy], [h, theta], { bandwidth, counting }, backend) {
    const { device } = backend;
    const [batch, columns] = h.shape as [number, number];
    const passed = () =>
      computed(h.shape, backend, (out) => {
        const args = [...buffers(backend, dy, h, theta, out), h.size, columns];
        device.each('fused', 'gate_gradient', h.size, args);
      });
    return [
      () => (counting ? tf.zerosLike(dy) : passed()),
      () => {
        const slices = Math.ceil(batch / SLICE);
        const parts = computed([slices, columns], backend, (out) => {
          const inputs = buffers(backend, dy, h, theta, out);
          const args = [...inputs, batch, columns, SLICE, bandwidth, Number(counting)];
          const range = { global: [columns, slices], local: [device.group, 1] };
          device.launch('fused', 'threshold_gradient', range, args);
        });
        return tf.sum(parts, 0);
      },
    ];
  },
});

export const jumpRelu = (h: tf.Tensor, theta: tf.Tensor, bandwidth: number): tf.Tensor =>
  gate([h, theta], { bandwidth, counting: false })[0];

export const stepCount = (h: tf.Tensor, theta: tf.Tensor, bandwidth: number): tf.Tensor =>
  gate([h, theta], { bandwidth, counting: true })[0];
