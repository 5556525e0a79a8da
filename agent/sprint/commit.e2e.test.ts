import { expect, it } from 'vitest';
import { worktreeOf } from '#host/worktree';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';

it('a tag that stands in the way of the best’s is told, and ends nothing: the commit is there', async () => {
  const repo = tinyRepository([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
  const { code, events } = await loopIn(repo, {}, () => (event) => {
    // After the checks at the start.
    if (event.type === 'sprint.claimed' && event.number === 1) git(repo, 'tag', 'best/tiny/old');
  });
  expect(code).toBe(0);
  const told = events.flatMap((e) => (e.type === 'loop.notice' && e.level === 'warn' ? [e.text] : []));
  expect(told.filter((text) => /^the tag best\/tiny could not be moved to \w{9}: /.test(text))).toHaveLength(
    2,
  );
  expect(git(worktreeOf(repo), 'log', '--format=%s', '-2')).toBe(
    'Sprint 2: Try second (new-best)\nSprint 1: Try first (new-best)',
  );
});
