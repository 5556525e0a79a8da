import { describe, expect, it } from 'vitest';
import type { LoopParts } from './check.ts';
import { Checks } from './checks.ts';

type Answer = string | null | Error;

/** Checks whose answers are given in the order of the calls; `patience` ends when `outOf` is called. */
function checks(...answers: (Answer | Promise<Answer>)[]) {
  const calls: { tree: string; ahead: boolean; ended: () => boolean }[] = [];
  let outOf = () => {};
  const patience = new Promise<null>((resolve) => {
    outOf = () => resolve(null);
  });
  const under = new Checks(
    {} as LoopParts,
    async (_, tree, { background = false, signal } = {}) => {
      calls.push({ tree, ahead: background, ended: () => signal?.aborted ?? false });
      const answer = await answers[calls.length - 1];
      if (answer instanceof Error) throw answer;
      return answer ?? null;
    },
    () => patience,
  );
  return { under, calls, outOf };
}
const training = new Promise<never>(() => {});
const never = new Promise<never>(() => {});

it('asks no second time for a tree whose check passed while its run trained', async () => {
  const { under, calls } = checks(null);
  under.ahead('a', training);
  under.ahead('a', training);
  expect(await under.of('a')).toBeNull();
  expect(calls).toMatchObject([{ tree: 'a', ahead: true }]);
});

it('checks a tree that nothing was begun for', async () => {
  const { under, calls } = checks('too small');
  expect(await under.of('b')).toBe('too small');
  expect(calls).toMatchObject([{ tree: 'b', ahead: false }]);
});

it.each([
  ['failed', 'killed for lack of memory'],
  ['could not be started', new Error('no such program')],
])('checks again where the check beside the run %s', async (_, answer) => {
  const { under, calls } = checks(answer, null);
  under.ahead('a', training);
  expect(await under.of('a')).toBeNull();
  expect(calls.map(({ ahead }) => ahead)).toEqual([true, false]);
});

describe('where the check beside the run takes long, another begins, and', () => {
  /** The first check and the second, whose answers are given later. */
  function both() {
    const give: ((answer: Answer) => void)[] = [];
    const answers = [0, 1].map(() => new Promise<Answer>((resolve) => give.push(resolve)));
    const { under, calls, outOf } = checks(...answers);
    under.ahead('a', training);
    outOf();
    const result = under.of('a');
    return { calls, result, first: give[0], second: give[1] };
  }
  const turn = () => new Promise(setImmediate);

  it.each([null, 'too small'])('its result counts, and ends the first: %s', async (answer) => {
    const { calls, result, second } = both();
    await turn();
    expect(calls.map(({ ahead }) => ahead)).toEqual([true, false]);
    second(answer);
    expect(await result).toBe(answer);
    expect(calls[0]?.ended()).toBe(true);
  });

  it('a pass of the first is enough, and ends the second', async () => {
    const { calls, result, first } = both();
    await turn();
    first(null);
    expect(await result).toBeNull();
    expect(calls[1]?.ended()).toBe(true);
  });

  it('a failure of the first counts for nothing', async () => {
    const { result, first, second } = both();
    await turn();
    first('killed for lack of memory');
    await turn();
    second(null);
    expect(await result).toBeNull();
  });

  it('an error of the second is not lost, and leaves nothing running', async () => {
    const { calls, result, second } = both();
    await turn();
    second(new Error('no such program'));
    await expect(result).rejects.toThrow('no such program');
    expect(calls[0]?.ended()).toBe(true);
  });
});

it('ends with a run that does not finish, and when the sprint ends', async () => {
  const { under, calls } = checks(never, never, never);
  under.ahead('finishes', Promise.resolve({ status: 'finished' }));
  under.ahead('fails', Promise.resolve({ status: 'failed' }));
  under.ahead('errs', Promise.reject(new Error('the disk is full')));
  await new Promise(setImmediate);
  expect(calls.map(({ ended }) => ended())).toEqual([false, true, true]);
  under.end();
  expect(calls.map(({ ended }) => ended())).toEqual([true, true, true]);
});
