import { expect, it } from 'vitest';
import { homeOf, worktreeOf } from './worktree.ts';

it('a worktree of a loop belongs to the checkout above it, any other checkout to itself', () => {
  expect(homeOf(worktreeOf('/home/ada/task'))).toBe('/home/ada/task');
  for (const own of ['/home/ada/task', '/home/ada/worktree', '/home/state/task', '/'])
    expect(homeOf(own)).toBe(own);
});
