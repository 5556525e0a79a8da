import { expect, it } from 'vitest';
import { type Waiting, waitsFor } from './waits.ts';
import type { Known } from './watch.ts';

const seen = (state: string, at = 10): Known => ({
  at,
  seen: { id: '1', state, reason: 'Priority', node: '' },
});

it.each<[string, Partial<Waiting>, string | null]>([
  ['a job that Slurm was not asked for', {}, 'submitted'],
  ['one that it cannot be asked for', { silent: true }, 'Slurm does not answer'],
  ['one that trains, while Slurm is away', { silent: true, beganAt: 5 }, null],
  ['one in the queue', { known: seen('PENDING') }, 'Priority'],
  ['one that was put back into the queue', { known: seen('PENDING'), beganAt: 5 }, 'Priority'],
  ['one that began after Slurm was asked', { known: seen('PENDING'), beganAt: 15 }, null],
  ['one whose program has not begun', { known: seen('CONFIGURING') }, 'configuring'],
  ['one whose program has', { known: seen('RUNNING'), beganAt: 5 }, null],
  ['one that has ended before it said anything', { known: seen('FAILED') }, null],
])('%s', (_, over, reason) => {
  expect(waitsFor({ known: null, beganAt: null, silent: false, ...over })).toBe(reason);
});
