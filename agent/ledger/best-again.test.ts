import { expect, it } from 'vitest';
import { againOf, apartBy, toTrainTwice, withoutLoss } from './best-again.ts';

it('counts what a best lost, with two standard errors where it did not lose it each time', () => {
  expect(againOf([])).toBeNull();
  expect(againOf([0.01])).toEqual({ n: 1, loss: 0.01, less: 0.01 });
  expect(againOf([0.02, 0.02, 0.02])?.less).toBeCloseTo(0.02);
  expect(againOf([0, 0.06, 0])?.less).toBeCloseTo(0.06);
  expect(againOf([-0.01, -0.01])?.less).toBe(0);
});

it('takes it off the gains on worlds that are new to the best', () => {
  const gains = [
    { gain: 0.05, kept: false },
    { gain: 0.01, kept: true },
  ];
  expect(withoutLoss(gains, againOf([0.03]))).toEqual([0.05 - 0.03, 0.01]);
  expect(withoutLoss(gains, null)).toEqual([0.05, 0.01]);
});

it('says where gains on new worlds are above those on kept ones beyond chance', () => {
  const gains = (fresh: number) => [0, 1, 2, 3].map((at) => ({ gain: at < 2 ? fresh : 0, kept: at >= 2 }));
  expect(apartBy(gains(0.029), 0.01)).toBeNull();
  expect(apartBy(gains(0.031), 0.01)).toBeCloseTo(3.1);
  expect(apartBy(gains(-0.1), 0.01)).toBeNull();
  expect(apartBy([{ gain: 0.1, kept: false }], 0.01)).toBeNull();
});

it('are made twice on new worlds, where the gain is largest', () => {
  const pairs = [0.1, 0.5, 0.3, 0.4].map((gain, at) => ({ gain, kept: at === 1 }));
  expect(toTrainTwice(pairs)).toEqual([3, 2]);
  expect(toTrainTwice(pairs.slice(0, 2))).toEqual([0]);
});
