import type * as tf from '@tensorflow/tfjs-core';

/** A small number for each column, as integers of the device. */
export interface Marks {
  marks: tf.Tensor;
  /** How many are marked with 1, as a scalar; null where that is not asked for. */
  count: tf.Tensor | null;
}

const known = new WeakMap<object, Marks>();

/** An array that shows marks of the device: they are read back only when code looks at one. */
export function shown(marks: Marks): Uint8Array {
  let here: Uint8Array | null = null;
  const array = new Proxy(new Uint8Array(marks.marks.size), {
    get(target, key) {
      if (key === 'length') return target.length;
      here ??= Uint8Array.from(marks.marks.dataSync());
      const value: unknown = Reflect.get(here, key, here);
      return typeof value === 'function' && key !== 'constructor' ? value.bind(here) : value;
    },
  });
  known.set(array, marks);
  return array;
}

/** The marks on the device behind an array that `shown` made; null for any other. */
export const marksOf = (array: Uint8Array): Marks | null => known.get(array) ?? null;
