import { expect, it } from 'vitest';
import { profiles, widthProfile } from './profiles.ts';

it('overrides its sizes with those of TASK.md, and a new width has its own prefixes', () => {
  expect(widthProfile('16k')).toEqual(profiles['16k']);
  expect(widthProfile('16k', { lr: 1e-3 })).toEqual({ ...profiles['16k'], lr: 1e-3 });
  const wide = { ...profiles['16k'], d_sae: 8192, matryoshka_widths: [256, 1024, 4096] };
  expect(widthProfile('16k', { d_sae: 8192 })).toEqual(wide);
  const mine = widthProfile('mine', { d_sae: 128, k: 3.55, lr: 4e-3 });
  expect(mine).toEqual(profiles.small);
  expect(widthProfile('mine', { d_sae: 16, k: 2, lr: 1, matryoshka_widths: [4] }).matryoshka_widths).toEqual([
    4,
  ]);
  expect(widthProfile('mine', { d_sae: 16, k: 2, lr: 1 }).matryoshka_widths).toEqual([2, 8]);
});

it.each([
  [{}, /^unknown profile "mine"; .* small, medium, 16k; another one names its sizes in TASK.md/],
  [{ d_sae: 64, lr: 1 }, /^settings of profile "mine": k: is missing$/],
  [{ d_sae: 6.5, k: 1, lr: 1 }, /^settings of profile "mine": d_sae: .*int/],
  [{ d_sae: 64, k: 1, lr: 1, width: 3 }, /width: is no size of a profile; there are: d_sae, k, lr/],
])('refuses wrong sizes: %j', (settings, message) => {
  expect(() => widthProfile('mine', settings)).toThrow(message);
});
