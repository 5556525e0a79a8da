import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { untilAsked, whenAsked } from './ahead.ts';

it('measures when it is asked, and not where its caller ends before', async () => {
  await expect(whenAsked(Readable.from(['measu', 're\n']))).resolves.toBeUndefined();
  for (const said of [[], ['measure'], ['stop\n']])
    await expect(whenAsked(Readable.from(said))).rejects.toThrow('the caller has ended');
});

async function seen(asked: Promise<void> | null, wait: () => Promise<void>): Promise<number[]> {
  const found: number[] = [];
  let looks = 0;
  for await (const look of untilAsked(() => ++looks, asked, wait)) found.push(look);
  return found;
}

it('looks once without a caller, and once more after it was asked', async () => {
  const never = () => new Promise<void>(() => {});
  expect(await seen(null, never)).toEqual([1]);
  expect(await seen(Promise.resolve(), never)).toEqual([1, 2]);
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  let waits = 0;
  const thirdAsks = async () => {
    if (++waits === 3) ask();
  };
  expect(await seen(asked, thirdAsks)).toEqual([1, 2, 3, 4]);
});

it('ends with the error of a caller that has ended', async () => {
  const ended = Promise.reject(new Error('the caller has ended'));
  await expect(seen(ended, () => new Promise(() => {}))).rejects.toThrow('the caller has ended');
});
