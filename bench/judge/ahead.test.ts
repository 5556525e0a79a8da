import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { Question, untilAsked, whenAsked } from './ahead.ts';

it('measures when it is asked, and not where its caller ends before', async () => {
  await expect(whenAsked(Readable.from(['measu', 're\n']))).resolves.toBeUndefined();
  for (const said of [[], ['measure'], ['stop\n']])
    await expect(whenAsked(Readable.from(said))).rejects.toThrow('the caller has ended');
});

it('has something done while the question is waited for, and throws at once where it will not come', async () => {
  const never = new Promise<never>(() => {});
  await expect(new Question(never).meanwhile(Promise.resolve('measured'))).resolves.toBe('measured');
  await expect(new Question(Promise.resolve()).meanwhile(Promise.resolve('measured'))).resolves.toBe(
    'measured',
  );
  const ended = new Question(Promise.reject(new Error('the caller has ended')));
  await expect(ended.meanwhile(never)).rejects.toThrow('the caller has ended');
  await expect(ended.wait()).rejects.toThrow('the caller has ended');
  const failed = new Question(never).meanwhile(Promise.reject(new Error('the encoder failed')));
  await expect(failed).rejects.toThrow('the encoder failed');
});

it('knows for how long nothing but the question was waited for', async () => {
  let now = 0;
  const asked = Promise.resolve().then(() => {
    now += 2500;
  });
  const question = new Question(asked, () => now);
  const waiting = question.wait();
  expect(question.waited).toBe(0);
  await waiting;
  expect(question.waited).toBe(2.5);
  await question.wait();
  expect(question.waited).toBe(2.5);
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
