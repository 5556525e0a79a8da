import { describe, expect, it } from 'vitest';
import type { Checked, Confirmed } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';
import { exampleSprint } from '../fixtures/examples.ts';
import { run, stagedLoop } from '../fixtures/staged.ts';
import { checkCost, keptForCheck, likelyCheck } from './check-time.ts';
import { SlotWatch } from './last-slot.ts';
import { mayConfirm } from './may-confirm.ts';
import { mayStart } from './may-start.ts';
import { checkIsDue, paceNow, planLines, secondsLeft } from './plan.ts';

const several = { n: 3, mean: { f1: 0.6 }, deviation: {} };
const confirmedTo = (best: Confirmed['best']): Confirmed => ({
  ...{ key: 'k', nth: 1, samples: 500, rows: 100, result: 'confirmed', reason: 'why', seconds: 300 },
  ...{ candidate: several, best, gain: null, pairs: [] },
});
// The best served 1000 rows in 10 s and the one before it in 20 s; judging took 1 s. Both claim more speed.
const first = run('first', 1000, 0.5, { seconds: 20, rowsServed: 1000, samplesPerSecond: 5000 });
const second = run('second', 1000, 0.6, { seconds: 10, rowsServed: 1000, samplesPerSecond: 5000 });
const base = exampleSprint({ id: 'base', candidate: first.id, runs: [first], confirmed: confirmedTo(null) });
const better = exampleSprint({
  ...{ id: 'better', number: 2, closedAt: '2026-01-01T00:02:00.000Z', candidate: second.id, runs: [second] },
  confirmed: confirmedTo({ sprint: 'base', run: first.id, ...several }),
});
const CHECKED = { holds: true } as Checked;

/** A loop that ends in so many seconds, whose night had a thousand. */
function loopWith(left: number, sprints: readonly Sprint[] = [base, better], share = 1) {
  const { loop, time } = stagedLoop(1000);
  const { profile } = loop.config;
  const confirm = { looks: [3], sideBySide: 1, share };
  Object.assign(loop.config, { since: new Date(loop.config.limits.until.getTime() - 1e6) });
  Object.assign(loop.config, { profile: { ...profile, staged: false, confirm } });
  time.seconds = 1000 - left;
  for (const sprint of sprints) loop.ledger.add(sprint);
  return { loop: { ...loop, secrets: { of: { hash: 'k' } } }, time };
}
// Two runs of 5 s, one of 10 s, three verdicts: 23 s. With 5 % and the verdict of a candidate: 25.15 s.
const KEPT = 25.15;

describe('measuring the best again', () => {
  it('costs what its own run and that of the best before it took, whatever trainers claim', () => {
    expect(checkCost(better, [base, better], 1)).toEqual({
      runs: 3,
      samples: 500,
      each: expect.closeTo(23 / 3),
    });
    expect(checkCost(base, [base], 1)).toEqual({ runs: 2, samples: 500, each: expect.closeTo(11) });
    const liar = run('liar', 1000, 0.1, { seconds: 1e5, rowsServed: 1000, samplesPerSecond: 0.001 });
    const lies = exampleSprint({ id: 'lies', number: 3, outcome: 'no-gain', runs: [liar] });
    expect(checkCost(better, [base, better, lies], 1)?.each).toBeCloseTo(23 / 3);
    expect(checkCost({ ...better, runs: [] }, [base], 1)).toBeNull();
    // Its run idled for a day; its six runs on secret worlds, two side by side, took less than 35 s.
    const confirmed = { ...better.confirmed, seconds: 30 } as Confirmed;
    const idled = { ...better, confirmed, runs: [{ ...second, seconds: 86_400 }] };
    expect(checkCost(idled, [base, idled], 2)?.each).toBeCloseTo((35 * 2) / 6);
    expect(likelyCheck(loopWith(1000).loop.config.profile, 100)).toEqual({
      runs: 3,
      samples: 1000,
      each: 10,
    });
  });

  it('has its time kept until it is done, where the share of confirming allows it', () => {
    const kept = (...of: Parameters<typeof loopWith>) => keptForCheck(loopWith(...of).loop)?.seconds ?? null;
    expect(kept(1000)).toBeCloseTo(KEPT);
    expect(kept(1000, [base])).toBeCloseTo(1.05 * 22 + 1);
    expect(kept(1000, [base, { ...better, checked: CHECKED }])).toBeNull();
    expect(kept(1000, [{ ...base, confirmed: undefined }])).toBeNull();
    expect(kept(1000, [base, better], 0.02)).toBeNull();
    expect(keptForCheck({ ...loopWith(1000).loop, secrets: { of: { hash: 'another' } } })).toBeNull();
    expect(keptForCheck({ ...loopWith(1000).loop, secrets: null })).toBeNull();
  });

  it('counts with the places of the pool that its confirming had', () => {
    const idled = {
      ...{ ...better, confirmed: { ...better.confirmed, seconds: 30 } as Confirmed },
      runs: [{ ...second, seconds: 86_400 }],
    };
    const { loop } = loopWith(1000, [base, idled]);
    expect(keptForCheck(loop)?.each).toBeCloseTo(35 / 6);
    expect(keptForCheck({ ...loop, ownDevices: { size: 4 } })?.each).toBeCloseTo((35 * 4) / 6);
  });

  it('leaves the researcher the time before it: in runs, calls, sprints and the plan', () => {
    const { loop, time } = loopWith(100);
    expect(secondsLeft(loop)).toBeCloseTo(100 - KEPT);
    expect(paceNow(loop, { sprints: [base, better], mine: [] })?.secondsLeft).toBeCloseTo(100 - KEPT);
    expect(planLines(loop, { sprints: [base, better], mine: [] }).join('\n')).toContain(
      '- kept at the end, beside that: 25 s (3 runs of 500 samples), in which the loop measures the best again',
    );
    const spec = { experiment: 'plain', settings: {}, seed: 0, samples: 400_000, tree: 'x' };
    const asked = { ...{ sprint: 'open', ticket: 't', reference: null }, spec };
    const soFar = { sprints: [base, better], mine: [] };
    // 80 s at 5000 samples/s, and 1 s of judging: it would fit into 100 s.
    expect(mayStart(loop, asked, soFar, () => 1e12)?.code).toBe('time');
    const watch = new SlotWatch(loop, () => null);
    expect([checkIsDue(loop), watch.past()]).toEqual([null, null]);
    time.seconds = 1000 - KEPT;
    expect(checkIsDue(loop)).toEqual({
      code: 'time',
      reason:
        'the time is up but for 25 s (3 runs of 500 samples), which are kept for measuring the best again',
    });
    expect(watch.past()?.code).toBe('time');
    // A run under way was let in with its time, and ends by its own limit.
    expect(new SlotWatch(loop, () => ({ open: ['r'], started: ['r'] })).past()).toBeNull();
  });

  it('is let in by its own cost, not by the pace of the last run', () => {
    const { loop } = loopWith(30);
    const how = { samples: 500, share: 1, sure: 1, most: 1 };
    const slow = run('slow', 1000, 0.1, { samplesPerSecond: 0.001 });
    const soFar = { sprints: [base, better], mine: [slow] };
    expect(mayConfirm(loop, how, 3, soFar, () => 1e12)?.code).toBe('time');
    expect(mayConfirm(loop, { ...how, each: 23 / 3 }, 3, soFar, () => 1e12)).toBeNull();
    expect(mayConfirm(loop, { ...how, each: 11 }, 3, soFar, () => 1e12)?.code).toBe('time');
  });
});
