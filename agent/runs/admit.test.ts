import { expect, it } from 'vitest';
import { specOf } from '#contract/run';
import { reserveRun } from '../budget/may-start.ts';
import { best, bestSprint, run, stagedLoop } from '../fixtures/staged.ts';
import { admit } from './admit.ts';
import { Jobs } from './jobs.ts';

const asked = { ...specOf(run('idea', 100, 0)), settings: { lr: '0.1' } };

/** A loop where another researcher has these runs in the queue or under way. */
function beside(...reserved: { spec: typeof asked; role?: 'incumbent' }[]) {
  const { loop, by } = stagedLoop(1000);
  loop.ledger.add(bestSprint());
  for (const [i, one] of reserved.entries())
    reserveRun(by('researcher-2'), { sprint: 'b', ticket: `queued-${i + 1}`, ...one });
  return admit(loop, 'a', new Jobs([], null), asked);
}

it('refuses a run that another researcher has in the queue already', () => {
  expect(() => beside({ spec: asked })).toThrow(/^researcher-2 has this run in the queue \(same code/);
});

it('names a run of another that it nearly repeats, and none that differs', () => {
  const near = { ...asked, settings: { lr: '0.105' } };
  expect(beside({ spec: near }).nearOpen).toEqual([{ id: 'queued-1', researcherId: 'researcher-2' }]);
  expect(beside({ spec: { ...asked, settings: { lr: '0.2' } } }).nearOpen).toEqual([]);
});

it('shares the run of the best to compare with: it is made once', () => {
  const reference = { ...specOf(best), samples: 100, seed: asked.seed };
  expect(beside().reference?.spec).toMatchObject({ tree: 'best', samples: 100 });
  expect(beside({ spec: reference as typeof asked, role: 'incumbent' }).reference).toBeNull();
});
