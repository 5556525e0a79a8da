import fc from 'fast-check';
import { expect, it } from 'vitest';
import { broadcastStrides, collapsed, stridesOf, type Walk } from './strides.ts';

/** The places that a walk visits, in order. */
function places({ dims, strides }: Walk): number[][] {
  let visited = strides.map(() => [0]);
  for (const [i, n] of dims.entries()) {
    visited = visited.map((own, a) =>
      own.flatMap((at) => Array.from({ length: n }, (_, step) => at + step * strides[a][i])),
    );
  }
  return visited;
}

it('visits the same places in the same order with fewer dimensions', () => {
  const walks = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 0, maxLength: 5 })
    .chain((dims) =>
      fc.record({ dims: fc.constant(dims), ones: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }) }),
    );
  fc.assert(
    fc.property(walks, ({ dims, ones }) => {
      const other = dims.map((n, i) => (ones[i] ? 1 : n));
      const walk = { dims, strides: [stridesOf(dims), broadcastStrides(other, dims)] };
      const fewer = collapsed(walk);
      expect(places(fewer)).toEqual(places(walk));
      expect(fewer.dims).not.toContain(1);
    }),
  );
});

it('joins what follows each other', () => {
  expect(collapsed({ dims: [2, 3, 4], strides: [stridesOf([2, 3, 4])] })).toEqual({
    dims: [24],
    strides: [[1]],
  });
  expect(collapsed({ dims: [2, 3, 4], strides: [broadcastStrides([4], [2, 3, 4])] })).toEqual({
    dims: [6, 4],
    strides: [[0, 1]],
  });
});
