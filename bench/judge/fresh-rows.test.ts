import { expect, it } from 'vitest';
import { buildWorld } from '../world/build.ts';
import { BUILT_IN } from '../world/built-in.ts';
import { FreshRows } from './fresh-rows.ts';

const world = await buildWorld({ ...BUILT_IN.small, orthogonalization: null });
const SAMPLES = 3000;
const all = (rows: FreshRows) =>
  [...rows.batches()].map(({ index, rows, x, truth }) => ({
    ...{ index, rows, x: [...x] },
    ...{ offsets: [...truth.offsets], features: [...truth.features] },
  }));
const never = new Promise<void>(() => {});

it('has the same rows whether they are drawn before they are taken or then', async () => {
  const [expected, ahead] = [new FreshRows(world, SAMPLES, 7), new FreshRows(world, SAMPLES, 7)];
  void ahead.drawUntil(never);
  await expect.poll(() => ahead.drawn).toBe(3);
  expect(expected.drawn).toBe(0);
  expect(all(ahead)).toEqual(all(expected));
  expect(all(expected)).toEqual([]);
});

it('draws none where it is asked at once, and keeps as many as it may', async () => {
  const rows = new FreshRows(world, SAMPLES, 7, 2 * 1024 * world.hiddenDim * 4);
  await rows.drawUntil(Promise.resolve());
  expect(rows.drawn).toBe(0);
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const until = rows.drawUntil(asked);
  await expect.poll(() => rows.drawn).toBe(2);
  ask();
  await until;
  expect(rows.drawn).toBe(2);
  expect(all(rows).map(({ rows }) => rows)).toEqual([1024, 1024, 952]);
});

it('passes on that its caller has ended', async () => {
  const rows = new FreshRows(world, SAMPLES, 7);
  await expect(rows.drawUntil(Promise.reject(new Error('ended')))).rejects.toThrow('ended');
});
