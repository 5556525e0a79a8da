import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inLanes } from './lanes.ts';

async function collected<T>(results: AsyncGenerator<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

it('yields all results in order, and never does more at a time than there are lanes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 3 })), fc.integer({ min: 1, max: 4 }), async (waits, lanes) => {
      const taken = new Set<number>();
      const results = inLanes(waits, lanes, async (ticks, lane) => {
        expect(taken.has(lane)).toBe(false);
        taken.add(lane);
        for (let i = 0; i < ticks; i++) await new Promise(setImmediate);
        taken.delete(lane);
        return ticks;
      });
      expect(await collected(results)).toEqual(waits);
    }),
  );
});

it('gives the results before an error, waits for what has begun, and begins nothing after it', async () => {
  const [begun, ended, got]: number[][] = [[], [], []];
  const results = inLanes([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    await new Promise(setImmediate);
    if (item === 1) throw new Error('one');
    await new Promise(setImmediate);
    ended.push(item);
    return item;
  });
  await expect(
    (async () => {
      for await (const result of results) got.push(result);
    })(),
  ).rejects.toThrow('one');
  expect(got).toEqual([0]);
  expect(ended).toEqual(begun.filter((item) => item !== 1));
  expect(begun).not.toContain(4);
});
