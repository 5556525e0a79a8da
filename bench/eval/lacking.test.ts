import { expect, it } from 'vitest';
import { detected, lackingIn } from './lacking.ts';
import type { LatentRow } from './latents.ts';

const row = (latent: number, feature: string, f1: number): LatentRow => ({
  ...{ latent, feature, f1, cosine: 1, precision: 1, recall: 1 },
  ...{ latentRate: 0, featureRate: 0, depth: null, confusedWith: null },
});

it('names the features that one detects and the other does not, by their best latents', () => {
  const mine = [
    row(0, 'F1', 0.6),
    row(1, 'F2', 0.9),
    row(2, 'F1', 0.8),
    row(3, 'F3', 0.4),
    row(4, 'F4', 0.7),
  ];
  const theirs = [row(0, 'F4', 0.5), row(1, 'F2', 0.49), row(2, 'F5', 0.5)];
  expect([...detected(mine)]).toEqual(['F1', 'F2', 'F4']);
  expect(lackingIn(theirs, mine).map(({ latent }) => latent)).toEqual([1, 2]);
  expect(lackingIn(mine, theirs).map(({ feature }) => feature)).toEqual(['F5']);
  expect(lackingIn(mine, mine)).toEqual([]);
});
