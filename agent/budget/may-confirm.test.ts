import { expect, it } from 'vitest';
import type { SprintRun } from '#contract/sprint';
import { best, bestSprint, run, stagedLoop } from '../fixtures/staged.ts';
import { mayConfirm } from './may-confirm.ts';

const room = () => 1e12;
const confirm = { samples: 1000, sure: 1, most: 1, share: 1 };
// 100 samples a second, so a run takes 10 s; judging takes 1 s.
const soFar = { sprints: [bestSprint()], mine: [best] };

/** Whether so many runs may be made in a loop of this many seconds, of which `used` went to confirming. */
function may(
  seconds: number,
  runs: number,
  more: Partial<typeof confirm> & { like?: SprintRun[] } = {},
  used = 0,
) {
  const { loop } = stagedLoop(seconds);
  Object.assign(loop.config, { since: new Date(loop.config.limits.until.getTime() - seconds * 1000) });
  if (used > 0)
    loop.journal.emit({
      ...{ type: 'confirm.measured', sprint: null, of: 'best', draw: 0, value: 0.5, seconds: used },
    });
  return mayConfirm(loop, { ...confirm, ...more }, runs, soFar, room);
}

it('asks for the time of all runs and their verdicts, of which some train side by side', () => {
  expect(may(100, 4)).toBeNull();
  expect(may(40, 4)).toMatchObject({ code: 'time', reason: 'it takes about 44 s, and 40 s are left' });
  expect(may(40, 4, { sure: 2, most: 2 })).toBeNull();
  expect(may(-1, 1)?.code).toBe('time');
});

it('keeps to its share of the night, with what went before', () => {
  expect(may(100, 4, { share: 0.5 })).toBeNull();
  expect(may(100, 4, { share: 0.5 }, 10)).toMatchObject({
    code: 'share',
    reason: expect.stringMatching(
      /about 44 s, 10 s of the night went to .*, and at most 50% of its 1 min 40 s may/,
    ),
  });
  expect(may(100, 4, { share: 0.1 })?.code).toBe('share');
  // The share is one of all devices.
  expect(may(100, 4, { share: 0.15, most: 4 })).toBeNull();
  expect(may(40, 4, { most: 4 })?.code).toBe('time');
});

it('asks for room on the disk', () => {
  const { loop } = stagedLoop(100);
  expect(mayConfirm(loop, confirm, 1, soFar, () => 0)?.code).toBe('disk');
});

it('goes by the rows that candidate and best were served and our clock, not by the speed that a trainer claims', () => {
  const observed = (seconds: number, rowsServed: number | null) =>
    run('claims', 1000, 0.6, { samplesPerSecond: 1e6, seconds, rowsServed });
  // One took 40 s for as many samples and the other 20 s: 30 s in the mean, and 1 s for the verdict.
  const like = [observed(80, 2000), observed(20, 1000)];
  expect(may(125, 4, { like })).toBeNull();
  expect(may(123, 4, { like })).toMatchObject({ code: 'time', reason: /^it takes about 2 min 4 s/ });
  expect(may(1000, 4, { like, share: 0.12 })?.code).toBe('share');
  // Served nothing by us: by the pace.
  expect(may(45, 4, { like: [observed(80, null)] })).toBeNull();
});
