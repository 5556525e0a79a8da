import { expect, it } from 'vitest';
import { type RunSpec, specOf } from '#contract/run';
import { reserveRun } from '../budget/may-start.ts';
import { Stopper } from '../budget/stop.ts';
import { emptyFolder } from '../fixtures/repo.ts';
import { best, bestSprint, run, stagedLoop } from '../fixtures/staged.ts';
import { countedOn, whileCountedOn } from './counted-on.ts';
import { type Job, newJob } from './job.ts';

const screen = specOf(run('idea', 100, 0));
const reference = { ...specOf(best), samples: 100, seed: screen.seed };

/** A loop whose researcher has a run of the best, and another one has this run. */
function beside(theirs: RunSpec | null, whose: 'incumbent' | 'own' = 'incumbent') {
  const { loop, by } = stagedLoop(1000);
  loop.ledger.add(bestSprint());
  reserveRun(loop, {
    sprint: 'a',
    ticket: 'queued-1',
    spec: reference,
    ...(whose === 'incumbent' && { role: whose }),
  });
  const other = by('researcher-2');
  if (theirs) reserveRun(other, { sprint: 'b', ticket: 'queued-1', spec: theirs });
  const job: Job = {
    ...newJob([], 'queued-1'),
    spec: reference,
    state: 'running',
    ended: new Promise(() => {}),
  };
  return { loop: { ...loop, stopper: new Stopper(emptyFolder()) }, other, job };
}

it('is a run of the best that another researcher compares with, and no other', () => {
  const counts = ({ loop, job }: ReturnType<typeof beside>) => countedOn(loop, [job]).length;
  expect(counts(beside(screen))).toBe(1);
  expect(counts(beside(null))).toBe(0);
  expect(counts(beside({ ...screen, seed: 7 }))).toBe(0);
  expect(counts(beside({ ...screen, samples: 500 }))).toBe(0);
  expect(counts(beside(screen, 'own'))).toBe(0);
});

it('is waited for until it has ended, or nobody counts on it, or the loop is to stop', async () => {
  const looks = async (at: (of: ReturnType<typeof beside>) => void) => {
    const of = beside(screen);
    let waits = 0;
    await whileCountedOn(of.loop, [of.job], async () => {
      if (++waits === 3) at(of);
    });
    return waits;
  };
  expect(await looks(({ job }) => Object.assign(job, { state: 'ended' }))).toBe(3);
  expect(await looks(({ other }) => other.journal.emit({ type: 'run.released', ticket: 'queued-1' }))).toBe(
    3,
  );
  expect(await looks(({ loop }) => loop.stopper.ask({ code: 'stop', reason: 'enough' }))).toBe(3);
});
