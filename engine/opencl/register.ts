import type { KernelConfig, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { OpenClBackend } from './backend.ts';
import * as of from './elementwise.ts';
import { noteFallback } from './fallbacks.ts';
import { matMul, type Transposes } from './matmul.ts';
import * as moved from './movement.ts';
import { reduce, softmax } from './reductions.ts';
import { sparseSum } from './sparse-products.ts';

type Result = TensorInfo | TensorInfo[] | null;
type Inputs = Record<string, TensorInfo>;
/** A kernel on the device: returns the result, or null if the cpu backend's function must compute it. */
type Kernel = (inputs: Inputs, backend: OpenClBackend, attrs: NamedAttrMap) => Result;

/**
 * Registers every kernel of the cpu backend for this backend too. Those of which the device has a form first
 * try that; the others read the numbers back, and are counted and named once.
 */
export function registerKernels(backendName: string): void {
  for (const config of tf.getKernelsForBackend('cpu')) {
    tf.registerKernel({ ...config, backendName, kernelFunc: withDevice(config, kernels[config.kernelName]) });
  }
}

/** Numbers of this process that few are computed here: they need not travel. */
const FEW = 4;

function withDevice({ kernelName, kernelFunc }: KernelConfig, own?: Kernel): KernelConfig['kernelFunc'] {
  return (args) => {
    const backend = args.backend as OpenClBackend;
    const inputs = args.inputs as Inputs;
    const staysHere = kernelName !== 'Cast' && areFewHere(Object.values(inputs), backend);
    const result = staysHere ? null : own?.(inputs, backend, args.attrs as NamedAttrMap);
    if (result) return result;
    const { bytesRead } = backend.device.counts;
    const computed = kernelFunc(args);
    if (backend.device.counts.bytesRead > bytesRead) noteFallback(kernelName);
    return computed;
  };
}

const areFewHere = (inputs: TensorInfo[], backend: OpenClBackend): boolean =>
  inputs.length > 0 &&
  inputs.every((x) => tf.util.sizeFromShape(x.shape) <= FEW && backend.valuesHere(x) !== null);

const ofTwo =
  (name: string, dtype: 'float32' | 'bool' = 'float32'): Kernel =>
  ({ a, b }, backend) =>
    of.binary(name, a, b, backend, dtype);
const ofOne =
  (name: string): Kernel =>
  ({ x }, backend) =>
    of.unary(name, x, backend);

/** Only Max and Min have the attribute under another name. */
interface Axes {
  axis?: number | number[];
  reductionIndices?: number | number[];
  keepDims: boolean;
}

const over =
  (join: 'sum' | 'max' | 'min', isMean = false): Kernel =>
  ({ x }, backend, attrs) => {
    const { axis, reductionIndices, keepDims } = attrs as unknown as Axes;
    const given = axis ?? reductionIndices ?? x.shape.map((_, i) => i);
    return reduce(join, x, tf.util.parseAxisParam(given, x.shape), keepDims, isMean, backend);
  };

const kernels: Record<string, Kernel> = {
  Add: ({ a, b }, backend) => sparseSum(a, b, backend) ?? of.binary('add', a, b, backend),
  Sub: ofTwo('subtract'),
  Multiply: ofTwo('multiply'),
  RealDiv: ofTwo('divide'),
  Maximum: ofTwo('maximum'),
  Minimum: ofTwo('minimum'),
  SquaredDifference: ofTwo('squared_difference'),
  Pow: ofTwo('power'),
  Greater: ofTwo('greater', 'bool'),
  GreaterEqual: ofTwo('greater_equal', 'bool'),
  Less: ofTwo('less', 'bool'),
  LessEqual: ofTwo('less_equal', 'bool'),
  Equal: ofTwo('equal', 'bool'),
  NotEqual: ofTwo('not_equal', 'bool'),
  LogicalAnd: ofTwo('logical_and', 'bool'),
  LogicalOr: ofTwo('logical_or', 'bool'),
  LogicalNot: ({ x }, backend) => of.logicalNot(x, backend),
  Neg: ofOne('negative'),
  Square: ofOne('square'),
  Sqrt: ofOne('square_root'),
  Rsqrt: ofOne('inverse_root'),
  Abs: ofOne('absolute'),
  Relu: ofOne('rectified'),
  Exp: ofOne('exponential'),
  Expm1: ofOne('exponential_minus_one'),
  Log: ofOne('logarithm'),
  Log1p: ofOne('logarithm_of_one_plus'),
  Sin: ofOne('sine'),
  Cos: ofOne('cosine'),
  Tanh: ofOne('hyperbolic_tangent'),
  Sigmoid: ofOne('sigmoid'),
  Softplus: ofOne('softplus'),
  Elu: ofOne('elu'),
  Erf: ofOne('error_function'),
  Reciprocal: ofOne('reciprocal'),
  Sign: ofOne('sign_of'),
  Floor: ofOne('rounded_down'),
  Ceil: ofOne('rounded_up'),
  Round: ofOne('rounded'),
  Step: ({ x }, backend, attrs) => of.unary('step_of', x, backend, [(attrs as { alpha: number }).alpha]),
  LeakyRelu: ({ x }, backend, attrs) => of.unary('leaky', x, backend, [(attrs as { alpha: number }).alpha]),
  ClipByValue({ x }, backend, attrs) {
    const { clipValueMin, clipValueMax } = attrs as { clipValueMin: number; clipValueMax: number };
    return of.unary('clipped', x, backend, [clipValueMin, clipValueMax]);
  },
  Cast: ({ x }, backend, attrs) => of.cast(x, (attrs as { dtype: string }).dtype, backend),
  Fill(_inputs, backend, attrs) {
    const { shape, value, dtype } = attrs as { shape: number[]; value: number; dtype?: string };
    const isSmall = tf.util.sizeFromShape(shape) <= FEW;
    return isSmall || typeof value !== 'number' ? null : of.filled(shape, value, dtype ?? 'float32', backend);
  },
  ZerosLike: ({ x }, backend) => of.filled(x.shape, 0, x.dtype, backend),
  OnesLike: ({ x }, backend) => of.filled(x.shape, 1, x.dtype, backend),
  AddN: (inputs, backend) => of.sumOfAll(Object.values(inputs), backend),
  Select: ({ condition, t, e }, backend) => of.select(condition, t, e, backend),
  Sum: over('sum'),
  Mean: over('sum', true),
  Max: over('max'),
  Min: over('min'),
  Softmax: ({ logits }, backend, attrs) => softmax(logits, (attrs as { dim: number }).dim, backend),
  Transpose: ({ x }, backend, attrs) => moved.transpose(x, (attrs as { perm: number[] }).perm, backend),
  BatchMatMul: ({ a, b }, backend, attrs) => matMul(a, b, attrs as unknown as Transposes, backend),
  Slice({ x }, backend, attrs) {
    const { begin, size } = attrs as { begin: number[]; size: number[] };
    const [from, counts] = tf.slice_util.parseSliceParams(x, begin, size);
    tf.slice_util.assertParamsValid(x, from, counts);
    return moved.slice(x, from, counts, backend);
  },
  Reverse({ x }, backend, attrs) {
    const axes = tf.util.parseAxisParam((attrs as { dims: number | number[] }).dims, x.shape);
    return moved.reverse(x, axes, backend);
  },
  Tile: ({ x }, backend, attrs) => moved.tile(x, (attrs as { reps: number[] }).reps, backend),
  PadV2({ x }, backend, attrs) {
    const { paddings, constantValue } = attrs as { paddings: [number, number][]; constantValue: number };
    return moved.pad(x, paddings, constantValue, backend);
  },
  Concat(inputs, backend, attrs) {
    const list = Object.values(inputs);
    const [axis] = tf.util.parseAxisParam((attrs as { axis: number }).axis, list[0].shape);
    return moved.concat(list, axis, backend);
  },
  Pack(inputs, backend, attrs) {
    const { axis } = attrs as { axis: number };
    const list = Object.values(inputs);
    const { shape } = list[0];
    if (!list.every((x) => tf.util.arraysEqual(x.shape, shape))) return null;
    const [along] = tf.util.parseAxisParam(axis, [...shape, 1]);
    const thick = [...shape.slice(0, along), 1, ...shape.slice(along)];
    return moved.concat(
      list.map((x) => ({ ...x, shape: thick })),
      along,
      backend,
    );
  },
  SplitV({ x }, backend, attrs) {
    const { numOrSizeSplits, axis } = attrs as { numOrSizeSplits: number | number[]; axis: number };
    const [along] = tf.util.parseAxisParam(axis, x.shape);
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
    return parts(x, along, sizes, backend);
  },
  Unpack({ value }, backend, attrs) {
    const [along] = tf.util.parseAxisParam((attrs as { axis: number }).axis, value.shape);
    const slices = parts(value, along, new Array<number>(value.shape[along]).fill(1), backend);
    const shape = value.shape.filter((_, i) => i !== along);
    return slices?.map((slice) => ({ ...slice, shape })) ?? null;
  },
  GatherV2({ x, indices }, backend, attrs) {
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    if (batchDims !== 0) return null;
    return moved.gather(x, indices, tf.util.parseAxisParam(axis, x.shape)[0], backend);
  },
  OneHot({ indices }, backend, attrs) {
    const { depth, onValue, offValue, dtype } = attrs as Record<string, number | string>;
    const numbers = { depth: Number(depth), onValue: Number(onValue), offValue: Number(offValue) };
    return moved.oneHot(indices, { ...numbers, dtype: String(dtype) }, backend);
  },
};

/** Slices of these sizes along an axis; null where one of them cannot be made on the device. */
function parts(
  x: TensorInfo,
  axis: number,
  sizes: readonly number[],
  backend: OpenClBackend,
): TensorInfo[] | null {
  let from = 0;
  const made: TensorInfo[] = [];
  for (const size of sizes) {
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    const shape = x.shape.map((n, i) => (i === axis ? size : n));
    const slice = moved.slice(x, begin, shape, backend);
    if (!slice) {
      for (const one of made) backend.disposeIntermediateTensorInfo(one);
      return null;
    }
    made.push(slice);
    from += size;
  }
  return made;
}
