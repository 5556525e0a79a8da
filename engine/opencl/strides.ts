/** A walk over dimensions, by the strides of each array that it reads or writes. */
export interface Walk {
  dims: number[];
  strides: number[][];
}

/** The strides of an array of this shape whose numbers follow each other. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/** The strides of an operand broadcast to a shape: 0 along the dimensions that it does not have. */
export function broadcastStrides(own: readonly number[], shape: readonly number[]): number[] {
  const lacking = shape.length - own.length;
  const strides = stridesOf(own);
  return shape.map((_, i) => (i < lacking || own[i - lacking] === 1 ? 0 : strides[i - lacking]));
}

/** The same walk with as few dimensions as possible: those of size 1 left out, neighbours joined. */
export function collapsed({ dims, strides }: Walk): Walk {
  const kept = dims.map((_, i) => i).filter((i) => dims[i] !== 1);
  const out: Walk = { dims: [], strides: strides.map(() => []) };
  for (const i of kept) {
    const last = out.dims.length - 1;
    const follows = last >= 0 && strides.every((own, a) => out.strides[a][last] === own[i] * dims[i]);
    if (!follows) {
      out.dims.push(dims[i]);
      for (const [a, own] of strides.entries()) out.strides[a].push(own[i]);
      continue;
    }
    out.dims[last] *= dims[i];
    for (const [a, own] of strides.entries()) out.strides[a][last] = own[i];
  }
  return out;
}

/** Dimensions or strides with others in front, so that there are `count`. */
export const padded = (values: readonly number[], count: number, by: number): number[] => [
  ...new Array<number>(count - values.length).fill(by),
  ...values,
];
