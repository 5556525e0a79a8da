import { expect, it } from 'vitest';
import { Devices } from './devices.ts';

it.each(['auto', 3, [0, 1], [0, 0], { 0: 4 }, { 0: 4, 2: 1 }])('takes %j', (devices) => {
  expect(Devices.parse(devices)).toEqual(devices);
});

it.each([0, -1, 1.5, 'two', null, [], [-1], ['0'], {}, { 0: 0 }, { gpu0: 4 }, { 0: 4, x: 1 }])(
  'says of %j once, at the field itself, which forms there are',
  (devices) => {
    const { error } = Devices.safeParse(devices);
    expect(error?.issues.map(({ path, message }) => ({ path, message }))).toEqual([
      { path: [], message: expect.stringMatching(/^must be auto, a number of runs .*\{0: 4\}\)$/) },
    ]);
  },
);
