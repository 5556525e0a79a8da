import { expect, it } from 'vitest';
import { inBoth } from './in-both.ts';
import type { Trained, Training } from './train-and-judge.ts';

const asked = { kind: 'tf32', backend: 'cuda', size: 'full', seed: 3 } as const;

/** Compares runs that are not made: each is what `made` says of it, or fails with its words. */
async function compared(made: (asked: Training) => Partial<Trained> | string = () => ({})) {
  const all: Training[] = [];
  const answer = await inBoth(asked, async (training) => {
    all.push(training);
    const { encode } = training;
    const more = made(training);
    if (typeof more === 'string') throw new Error(more);
    const metrics = { f1: encode === 'tf32' ? 0.94 : 0.945, mcc: 0.8 };
    const label = `cuda (a card)${encode === 'tf32' ? ', encodes in TF32' : ''}`;
    const verdict = { metrics, seconds: 1, evaluation: { samples: 200_000 } };
    return { seconds: 1, drawnBy: 'a card', label, precision: encode, verdict, ...more };
  }).catch((error: Error) => error.message);
  return { all, answer };
}

it('trains a seed of `medium` to its end in float32 and in TF32, on the same samples', async () => {
  const { all, answer } = await compared();
  const same = { backend: 'cuda', profile: 'medium', world: 'medium', samples: 4_096_000, seed: 3 };
  const evaluation = { samples: 200_000, seed: 3 };
  expect(all).toEqual([
    { ...same, encode: 'fp32', evaluation },
    { ...same, encode: 'tf32', evaluation },
  ]);
  expect(answer).toEqual({
    ...{ profile: 'medium', samples: 4_096_000, seed: 3, judged: 200_000, noise: 0.0045 },
    ...{ fp32: { f1: 0.945, mcc: 0.8 }, tf32: { f1: 0.94, mcc: 0.8 } },
  });
});

it.each<[string, (asked: Training) => Partial<Trained> | string, RegExp]>([
  ['one fails', ({ encode }) => (encode === 'tf32' ? 'no memory' : {}), /^no memory$/],
  ['both encode in float32', () => ({ precision: 'fp32' }), /it did not encode in TF32/],
  ['both encode in TF32', () => ({ precision: 'tf32' }), /or the other one did/],
  ['they had other samples', ({ encode }) => ({ drawnBy: encode }), /they are no pair/],
])('is no comparison where %s', async (_, made, words) => {
  expect((await compared(made)).answer).toMatch(words);
});
