import * as tf from '@tensorflow/tfjs-core';
import { again } from './embedded/saved-tensors.ts';
import { joiningGradients, perInput } from './joining-gradients.ts';
import { pickingGradients } from './picking-gradients.ts';

type Gradients = Record<string, () => tf.Tensor>;
type Rule = (dy: tf.Tensor, saved: tf.Tensor[], attrs: tf.NamedAttrMap) => Gradients;

/**
 * Registers the derivatives of tfjs' kernels. tfjs-core has its own in `register_all_gradients.js`, which
 * loads only in a bundler: Node does not resolve its imports. A loader that resolves them reads a second copy
 * of tfjs-core (453 modules) and delays the start by seconds. These cover arithmetic with broadcasting, the
 * usual functions of one argument, reductions, products, changes of shape, joining and splitting, gather and
 * topk; for another operation write `tf.customGrad` where it is used.
 */
export function registerGradients(): void {
  binary();
  comparisons();
  unary();
  reductions();
  products();
  shapes();
  joiningGradients.forEach(add);
  pickingGradients.forEach(add);
}

function register(kernelName: string, inputsToSave: string[], gradFunc: Rule, outputToSave = false): void {
  const outputsToSave = outputToSave ? [true] : [];
  add({ kernelName, inputsToSave, outputsToSave, gradFunc: gradFunc as tf.GradFunc });
}

/** Registers a derivative unless a package has already registered tfjs' own. */
function add(config: tf.GradConfig): void {
  if (!tf.getGradient(config.kernelName)) tf.registerGradient(config);
}

/** Sums a gradient over the dimensions along which an operand of this shape was broadcast. */
function reduceTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  if (tf.util.arraysEqual(shape, gradient.shape)) return gradient;
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, shape);
}

function binary(): void {
  const rule = (
    name: string,
    da: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
    db: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  ) =>
    register(name, ['a', 'b'], (dy, [a, b]) => ({
      a: () => reduceTo(da(dy, a, b), a.shape),
      b: () => reduceTo(db(dy, a, b), b.shape),
    }));
  const where = (dy: tf.Tensor, condition: tf.Tensor) => tf.mul(dy, tf.cast(condition, 'float32'));
  rule('Add', again, again);
  rule('Sub', again, tf.neg);
  rule(
    'Multiply',
    (dy, _, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  );
  rule(
    'RealDiv',
    (dy, _, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  );
  rule(
    'SquaredDifference',
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  );
  rule(
    'Maximum',
    (dy, a, b) => where(dy, tf.greaterEqual(a, b)),
    (dy, a, b) => where(dy, tf.less(a, b)),
  );
  rule(
    'Minimum',
    (dy, a, b) => where(dy, tf.lessEqual(a, b)),
    (dy, a, b) => where(dy, tf.greater(a, b)),
  );
  rule(
    'Pow',
    (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
    // a^b log a, and 0 where the logarithm is undefined.
    (dy, a, b) => tf.mul(dy, tf.mul(tf.pow(a, b), tf.log(tf.where(tf.greater(a, 0), a, tf.onesLike(a))))),
  );
  add({
    kernelName: 'AddN',
    saveAllInputs: true,
    gradFunc: (dy: tf.Tensor | tf.Tensor[], inputs: tf.Tensor[]) =>
      perInput(inputs.map(() => again(dy as tf.Tensor))),
  });
}

/** Comparisons are step functions: their derivative is taken as 0, as in PyTorch. */
function comparisons(): void {
  const flat = (shape: number[]) => () => tf.zeros(shape);
  const names = [
    'Greater',
    'GreaterEqual',
    'Less',
    'LessEqual',
    'Equal',
    'NotEqual',
    'LogicalAnd',
    'LogicalOr',
  ];
  for (const name of names) {
    register(name, ['a', 'b'], (_dy, [a, b]) => ({ a: flat(a.shape), b: flat(b.shape) }));
  }
  register('LogicalNot', ['x'], (_dy, [x]) => ({ x: flat(x.shape) }));
}

function unary(): void {
  const ofInput = (name: string, derivative: (x: tf.Tensor) => tf.Tensor) =>
    register(name, ['x'], (dy, [x]) => ({ x: () => tf.mul(dy, derivative(x)) }));
  const ofOutput = (name: string, derivative: (y: tf.Tensor) => tf.Tensor) =>
    register(name, [], (dy, [y]) => ({ x: () => tf.mul(dy, derivative(y)) }), true);
  ofInput('Abs', tf.sign);
  ofInput('Square', (x) => tf.mul(2, x));
  ofInput('Log', tf.reciprocal);
  ofInput('Log1p', (x) => tf.reciprocal(tf.add(x, 1)));
  ofInput('Sin', tf.cos);
  ofInput('Cos', (x) => tf.neg(tf.sin(x)));
  ofInput('Softplus', tf.sigmoid);
  ofInput('Relu', (x) => tf.step(x));
  ofInput('Elu', (x) => tf.where(tf.greater(x, 0), tf.onesLike(x), tf.exp(x)));
  // 2 / √π.
  ofInput('Erf', (x) => tf.mul(1.1283791670955126, tf.exp(tf.neg(tf.square(x)))));
  ofOutput('Exp', again);
  ofOutput('Expm1', (y) => tf.add(y, 1));
  ofOutput('Sqrt', (y) => tf.div(0.5, y));
  ofOutput('Rsqrt', (y) => tf.mul(-0.5, tf.pow(y, 3)));
  ofOutput('Reciprocal', (y) => tf.neg(tf.square(y)));
  ofOutput('Sigmoid', (y) => tf.mul(y, tf.sub(1, y)));
  ofOutput('Tanh', (y) => tf.sub(1, tf.square(y)));
  register('Neg', [], (dy) => ({ x: () => tf.neg(dy) }));
  for (const name of ['Floor', 'Ceil', 'Round', 'Sign', 'Step']) {
    register(name, [], (dy) => ({ x: () => tf.zerosLike(dy) }));
  }
  register('ClipByValue', ['x'], (dy, [x], attrs) => {
    const { clipValueMin, clipValueMax } = attrs as { clipValueMin: number; clipValueMax: number };
    const inside = tf.logicalAnd(tf.greaterEqual(x, clipValueMin), tf.lessEqual(x, clipValueMax));
    return { x: () => tf.mul(dy, tf.cast(inside, 'float32')) };
  });
  register('LeakyRelu', ['x'], (dy, [x], attrs) => ({
    x: () => tf.where(tf.greater(x, 0), dy, tf.mul(dy, (attrs as { alpha: number }).alpha)),
  }));
  register(
    'Softmax',
    [],
    (dy, [y], attrs) => ({
      logits: () => {
        const weighted = tf.mul(dy, y);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, (attrs as { dim: number }).dim, true), y));
      },
    }),
    true,
  );
}

function reductions(): void {
  const axesOf = (attrs: tf.NamedAttrMap, shape: number[]) => {
    // Only Max has the attribute under another name.
    const { axis, reductionIndices } = attrs as Record<string, number | number[]>;
    return tf.util.parseAxisParam(axis ?? reductionIndices, shape);
  };
  /** dy with size 1 along each reduced axis, so that it broadcasts back. */
  const kept = (dy: tf.Tensor, axes: number[], shape: number[]) =>
    tf.reshape(
      dy,
      shape.map((size, i) => (axes.includes(i) ? 1 : size)),
    );
  register('Sum', ['x'], (dy, [x], attrs) => ({
    x: () => spread(kept(dy, axesOf(attrs, x.shape), x.shape), x.shape),
  }));
  register('Mean', ['x'], (dy, [x], attrs) => ({
    x: () => {
      const axes = axesOf(attrs, x.shape);
      const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
      return spread(tf.div(kept(dy, axes, x.shape), count), x.shape);
    },
  }));
  for (const name of ['Max', 'Min']) {
    register(
      name,
      ['x'],
      (dy, [x, y], attrs) => ({
        x: () => {
          const axes = axesOf(attrs, x.shape);
          const mark = tf.cast(tf.equal(x, kept(y, axes, x.shape)), 'float32');
          return tf.mul(kept(dy, axes, x.shape), mark);
        },
      }),
      true,
    );
  }
  register('Cumsum', [], (dy, _, attrs) => {
    const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean };
    return { x: () => tf.cumsum(dy, axis, exclusive, !reverse) };
  });
}

function products(): void {
  register('BatchMatMul', ['a', 'b'], (dy, [a, b], attrs) => {
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    return {
      a: () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB)),
      b: () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false)),
    };
  });
}

function shapes(): void {
  register('Identity', [], (dy) => ({ x: () => again(dy) }));
  register('Cast', [], (dy) => ({ x: () => tf.cast(dy, 'float32') }));
  register('Reshape', ['x'], (dy, [x]) => ({ x: () => tf.reshape(dy, x.shape) }));
  register('ExpandDims', ['input'], (dy, [input]) => ({ input: () => tf.reshape(dy, input.shape) }));
  register('Transpose', [], (dy, _, attrs) => {
    const { perm } = attrs as { perm: number[] };
    return {
      x: () =>
        tf.transpose(
          dy,
          perm.map((_axis, i) => perm.indexOf(i)),
        ),
    };
  });
  register('Select', ['condition'], (dy, [condition]) => ({
    condition: () => tf.zerosLike(tf.cast(condition, 'float32')),
    t: () => tf.mul(dy, tf.cast(condition, 'float32')),
    e: () => tf.mul(dy, tf.cast(tf.logicalNot(condition), 'float32')),
  }));
  register('Slice', ['x'], (dy, [x], attrs) => {
    const { begin, size } = attrs as { begin: number[]; size: number[] };
    const [from, counts] = tf.slice_util.parseSliceParams(x, begin, size);
    const around = from.map((start, i): [number, number] => [start, x.shape[i] - start - counts[i]]);
    return { x: () => tf.pad(dy, around) };
  });
  register('Reverse', ['x'], (dy, [x], attrs) => ({
    x: () => tf.reverse(dy, tf.util.parseAxisParam((attrs as { dims: number | number[] }).dims, x.shape)),
  }));
  register('PadV2', ['x'], (dy, [x], attrs) => {
    const { paddings } = attrs as { paddings: [number, number][] };
    return {
      x: () =>
        tf.slice(
          dy,
          paddings.map(([before]) => before),
          x.shape,
        ),
    };
  });
  register('Tile', ['x'], (dy, [x], attrs) => {
    const { reps } = attrs as { reps: number[] };
    return {
      x: () => {
        const split = x.shape.flatMap((size, i) => [reps[i], size]);
        return tf.reshape(
          tf.sum(
            tf.reshape(dy, split),
            x.shape.map((_size, i) => 2 * i),
          ),
          x.shape,
        );
      },
    };
  });
}

/** Like broadcastTo, but without its Tile kernel, which takes milliseconds on wasm. */
const spread = (x: tf.Tensor, shape: number[]): tf.Tensor => tf.mul(x, tf.ones(shape));
