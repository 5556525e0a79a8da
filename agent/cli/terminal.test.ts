import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventOf, startCommand, tinyHouse } from '../fixtures/house.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger.ts';

it('goes on when its terminal hangs up and nobody reads its output any more', async () => {
  const repo = tinyHouse([sprintTo('first', 0.6), sprintTo('second', 0.7)]);
  const loop = startCommand(repo, 'loop');
  await eventOf(repo, 'sprint.claimed');
  loop.child.stdout?.destroy();
  loop.child.stderr?.destroy();
  loop.child.kill('SIGHUP');
  await eventOf(repo, 'loop.notice', ({ text }) => text.startsWith('the terminal has gone'));
  expect(await loop.ended).toBe(0);
  expect(readSprints(join(repo, 'sprints')).map((s) => s.outcome)).toEqual(['new-best', 'new-best']);
});
