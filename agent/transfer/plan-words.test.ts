import { expect, it } from 'vitest';
import { planWords } from './plan-words.ts';

it('tells what is left in each world, and how long that takes one after the other', () => {
  const own = { profileName: 'small', missing: 0, seconds: 0 };
  const other = { profileName: 'new', missing: 5, seconds: 5000 };
  expect(planWords(8, [other, own], 2)).toBe(
    '8 runs · 3 made already · 5 to train, 2 at a time: 5 in profile new, about 1.4 h',
  );
  expect(planWords(1, [{ ...other, missing: 1, seconds: null }, own], 1)).toBe(
    '1 run · 1 to train: 1 in profile new, and no run of it tells how long that takes',
  );
  expect(planWords(2, [own], 1)).toBe('2 runs · 2 made already · 0 to train');
});
