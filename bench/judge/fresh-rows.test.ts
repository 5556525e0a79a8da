import { expect, it } from 'vitest';
import { buildWorld } from '../world/build.ts';
import { BUILT_IN } from '../world/built-in.ts';
import { freshRows } from './fresh-rows.ts';

const world = await buildWorld({ ...BUILT_IN.small, orthogonalization: null });

it('draws as many rows as are asked for, in batches, the same of the same seed', () => {
  const drawn = (samples: number, seed: number) =>
    [...freshRows(world, samples, seed)].map(({ index, rows, x, truth }) => ({
      ...{ index, rows, x: [...x] },
      ...{ offsets: [...truth.offsets], features: [...truth.features] },
    }));
  const all = drawn(3000, 7);
  expect(all.map(({ index, rows }) => [index, rows])).toEqual([
    [0, 1024],
    [1, 1024],
    [2, 952],
  ]);
  expect(all[2].x).toHaveLength(952 * world.hiddenDim);
  expect(drawn(2048, 7)).toEqual(all.slice(0, 2));
  expect(drawn(1024, 8)[0].x).not.toEqual(all[0].x);
});
