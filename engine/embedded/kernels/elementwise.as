// Elementwise arithmetic. A tensor of `size` numbers is processed in rows of `n` numbers; the last may be
// shorter. Row i of an operand begins at its address + i · its row stride (`aRow`, `bRow` in bytes; 0: one
// row for all). A wide operand has `n` numbers in a row; one that is not wide has one number, used for the
// whole row.

import { madd } from './simd';

// @ts-ignore: decorator
@inline
const ADD = 0;
// @ts-ignore: decorator
@inline
const SUB = 1;
// @ts-ignore: decorator
@inline
const MUL = 2;
// @ts-ignore: decorator
@inline
const DIV = 3;
// @ts-ignore: decorator
@inline
const MAXIMUM = 4;
// @ts-ignore: decorator
@inline
const MINIMUM = 5;
// @ts-ignore: decorator
@inline
const SQUARED_DIFFERENCE = 6;

// @ts-ignore: decorator
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAXIMUM) return f32x4.max(a, b);
  if (op == MINIMUM) return f32x4.min(a, b);
  const d = f32x4.sub(a, b);
  return f32x4.mul(d, d);
}

// @ts-ignore: decorator
@inline
function binary(
  op: i32,
  from: i32,
  to: i32,
  a: usize,
  b: usize,
  out: usize,
  size: usize,
  n: usize,
  aRow: usize,
  bRow: usize,
  aWide: i32,
  bWide: i32,
): void {
  for (let row = <usize>from; row < <usize>to; row++) {
    const bytes = min(n, size - row * n) << 2;
    const whole = bytes & ~15;
    const target = out + ((row * n) << 2);
    const left = a + row * aRow;
    const right = b + row * bRow;
    let i: usize = 0;
    if (aWide && bWide) {
      for (; i < whole; i += 16) v128.store(target + i, apply(op, v128.load(left + i), v128.load(right + i)));
    } else if (aWide) {
      const y = v128.load32_splat(right);
      for (; i < whole; i += 16) v128.store(target + i, apply(op, v128.load(left + i), y));
    } else {
      const x = v128.load32_splat(left);
      for (; i < whole; i += 16) v128.store(target + i, apply(op, x, v128.load(right + i)));
    }
    for (; i < bytes; i += 4) {
      const x = v128.load32_zero(aWide ? left + i : left);
      const y = v128.load32_zero(bWide ? right + i : right);
      v128.store_lane<f32>(target + i, apply(op, x, y), 0);
    }
  }
}

export function add(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(ADD, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

export function sub(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(SUB, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

export function mul(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(MUL, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

export function div(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(DIV, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

export function maximum(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(MAXIMUM, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

export function minimum(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(MINIMUM, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

export function squaredDifference(
  from: i32, to: i32, a: usize, b: usize, out: usize, size: usize, n: usize,
  aRow: usize, bRow: usize, aWide: i32, bWide: i32,
): void {
  binary(SQUARED_DIFFERENCE, from, to, a, b, out, size, n, aRow, bRow, aWide, bWide);
}

// @ts-ignore: decorator
@inline
const NEG = 0;
// @ts-ignore: decorator
@inline
const SQUARE = 1;
// @ts-ignore: decorator
@inline
const SQRT = 2;
// @ts-ignore: decorator
@inline
const ABS = 3;
// @ts-ignore: decorator
@inline
const RELU = 4;

// @ts-ignore: decorator
@inline
function applyOne(op: i32, x: v128): v128 {
  if (op == NEG) return f32x4.neg(x);
  if (op == SQUARE) return f32x4.mul(x, x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == ABS) return f32x4.abs(x);
  return f32x4.max(x, f32x4.splat(0));
}

// @ts-ignore: decorator
@inline
function unary(op: i32, from: i32, to: i32, x: usize, out: usize, size: usize, n: usize): void {
  const end = min(size, <usize>to * n) << 2;
  let i = (<usize>from * n) << 2;
  for (; i + 16 <= end; i += 16) v128.store(out + i, applyOne(op, v128.load(x + i)));
  for (; i < end; i += 4) v128.store_lane<f32>(out + i, applyOne(op, v128.load32_zero(x + i)), 0);
}

export function neg(from: i32, to: i32, x: usize, out: usize, size: usize, n: usize): void {
  unary(NEG, from, to, x, out, size, n);
}

export function square(from: i32, to: i32, x: usize, out: usize, size: usize, n: usize): void {
  unary(SQUARE, from, to, x, out, size, n);
}

export function squareRoot(from: i32, to: i32, x: usize, out: usize, size: usize, n: usize): void {
  unary(SQRT, from, to, x, out, size, n);
}

export function abs(from: i32, to: i32, x: usize, out: usize, size: usize, n: usize): void {
  unary(ABS, from, to, x, out, size, n);
}

export function relu(from: i32, to: i32, x: usize, out: usize, size: usize, n: usize): void {
  unary(RELU, from, to, x, out, size, n);
}

/**
 * out = (h + bias) · scale for rows from..to of n numbers. A null pointer leaves out `bias` or `scale`. `out`
 * may be `h`.
 */
export function affine(from: i32, to: i32, h: usize, bias: usize, scale: usize, n: i32, out: usize): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let row = <usize>from; row < <usize>to; row++) {
    const source = h + row * bytes;
    const target = out + row * bytes;
    let i: usize = 0;
    for (; i < whole; i += 16) {
      let x = v128.load(source + i);
      if (bias) x = f32x4.add(x, v128.load(bias + i));
      if (scale) x = f32x4.mul(x, v128.load(scale + i));
      v128.store(target + i, x);
    }
    for (; i < bytes; i += 4) {
      let x = load<f32>(source + i);
      if (bias) x += load<f32>(bias + i);
      if (scale) x *= load<f32>(scale + i);
      store<f32>(target + i, x);
    }
  }
}

/**
 * One step of Adam for rows from..to of n of `size` numbers. The gradient is multiplied by `factor` first;
 * rest1 and rest2 are 1 - beta1 and 1 - beta2. The moments `first` and `second` are updated in place, the new
 * weights go to `out`.
 */
export function adam(
  from: i32, to: i32, weights: usize, gradient: usize, first: usize, second: usize, out: usize, size: usize, n: usize,
  factor: f32, beta1: f32, beta2: f32, rest1: f32, rest2: f32, rate: f32, correction: f32, epsilon: f32,
): void {
  const end = min(size, <usize>to * n) << 2;
  let i = (<usize>from * n) << 2;
  const f = f32x4.splat(factor);
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const c1 = f32x4.splat(rest1);
  const c2 = f32x4.splat(rest2);
  const inverse = f32x4.splat(1 / correction);
  const e = f32x4.splat(epsilon);
  const r = f32x4.splat(rate);
  for (; i + 16 <= end; i += 16) {
    const g = f32x4.mul(v128.load(gradient + i), f);
    const m = madd(b1, v128.load(first + i), f32x4.mul(c1, g));
    const v = madd(b2, v128.load(second + i), f32x4.mul(c2, f32x4.mul(g, g)));
    v128.store(first + i, m);
    v128.store(second + i, v);
    const scale = madd(f32x4.sqrt(v), inverse, e);
    v128.store(out + i, f32x4.sub(v128.load(weights + i), f32x4.div(f32x4.mul(r, m), scale)));
  }
  for (; i < end; i += 4) {
    const g = load<f32>(gradient + i) * factor;
    const m = beta1 * load<f32>(first + i) + rest1 * g;
    const v = beta2 * load<f32>(second + i) + rest2 * g * g;
    store<f32>(first + i, m);
    store<f32>(second + i, v);
    store<f32>(out + i, load<f32>(weights + i) - (rate * m) / (sqrt(v) / correction + epsilon));
  }
}
