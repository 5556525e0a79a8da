import { join } from 'node:path';
import { expect, it } from 'vitest';
import { homeOf, moreWorktrees, worktreeOf } from './worktree.ts';

it('a worktree of a loop belongs to the checkout above it, any other checkout to itself', () => {
  expect(homeOf(worktreeOf('/home/ada/task'))).toBe('/home/ada/task');
  expect(homeOf(join(moreWorktrees('/home/ada/task'), 'researcher-2'))).toBe('/home/ada/task');
  for (const own of [
    '/home/ada/task',
    '/home/ada/worktrees/x',
    '/home/ada/worktree',
    '/home/state/task',
    '/',
  ])
    expect(homeOf(own)).toBe(own);
});
