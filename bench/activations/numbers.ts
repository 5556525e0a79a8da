import type { NumberType } from './layout.ts';

/** Copies a row to `out`, from index `at` on; false where one of its numbers is not finite. */
export type RowCopy = (row: number, out: Float32Array, at: number) => boolean;

/** Copies rows out of `bytes`, whose rows lie one after the other. */
export function rowCopy(dtype: NumberType, bytes: ArrayBuffer, d: number): RowCopy {
  if (dtype === 'F32') return copyOf(new Float32Array(bytes), d);
  return copyByTable(new Uint16Array(bytes), tableOf(dtype), d);
}

function copyOf(numbers: Float32Array, d: number): RowCopy {
  return (row, out, at) => {
    let check = 0;
    for (let i = 0, from = row * d; i < d; i++) {
      const value = numbers[from + i];
      out[at + i] = value;
      // 0 for a finite number, else NaN, which stays.
      check += value - value;
    }
    return check === 0;
  };
}

function copyByTable(numbers: Uint16Array, table: Float32Array, d: number): RowCopy {
  return (row, out, at) => {
    let check = 0;
    for (let i = 0, from = row * d; i < d; i++) {
      const value = table[numbers[from + i]];
      out[at + i] = value;
      check += value - value;
    }
    return check === 0;
  };
}

const tables = new Map<NumberType, Float32Array>();

/** The table of a type is made once: a reader copies rows of many files. */
function tableOf(dtype: NumberType): Float32Array {
  const known = tables.get(dtype);
  if (known) return known;
  const made = dtype === 'F16' ? halves() : brains();
  tables.set(dtype, made);
  return made;
}

/** The value of every bfloat16: the upper half of a float32. */
function brains(): Float32Array {
  const bits = new Uint32Array(1 << 16);
  for (let half = 0; half < bits.length; half++) bits[half] = half << 16;
  return new Float32Array(bits.buffer);
}

/** The value of every IEEE half: sign, 5 bits of exponent, 10 of fraction. */
function halves(): Float32Array {
  const values = new Float32Array(1 << 16);
  for (let half = 0; half < values.length; half++) {
    const sign = half >> 15 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) values[half] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) values[half] = sign * fraction * 2 ** -24;
    else values[half] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return values;
}
