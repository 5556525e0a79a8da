import { expect, it } from 'vitest';
import { paced } from './paced.ts';

it('logs one line in a while and the end at once, but no flood of ends', () => {
  let ms = 0;
  const isLogged = paced(2000, () => ms);
  const at = (time: number, samples: number) => {
    ms = time;
    return isLogged({ samples, totalSamples: 100 });
  };
  expect([at(0, 1), at(500, 2), at(2000, 3), at(2100, 4)]).toEqual([true, false, true, false]);
  expect([at(2200, 100), at(2200, 100), at(2300, 101), at(4300, 102)]).toEqual([true, false, false, true]);
});
