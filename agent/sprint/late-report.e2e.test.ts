import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { LoggedEvent } from '#contract/event';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { sprintTo } from '../fixtures/scripted.ts';

it('opens the next sprint while the report of one is made, and ends with all reports', async () => {
  const repo = tinyRepository([sprintTo('first', 0.3), sprintTo('second', 0.4)]);
  const opened = { first: false, next: false };
  const listen = () => (event: LoggedEvent) => {
    if (event.type !== 'sprint.opened') return;
    opened.next = opened.first;
    opened.first = true;
  };
  const report = async () => {
    // Where nothing opened a sprint meanwhile, the order below tells.
    for (let waited = 0; !opened.next && waited < 60_000; waited += 20) await sleep(20);
    return { files: [], trouble: null, seconds: 0 };
  };
  const { code, events } = await loopIn(repo, {}, listen, { report });
  expect(code).toBe(0);
  const order = events.flatMap((event) => {
    if (event.type === 'sprint.opened') return [`opened ${event.number}`];
    return event.type === 'report.rendered' ? ['report'] : [];
  });
  expect(order.slice(0, 3)).toEqual(['opened 1', 'opened 2', 'report']);
  expect(order.filter((one) => one === 'report')).toHaveLength(2);
  expect(events.at(-1)?.type).toBe('loop.stopped');
});
