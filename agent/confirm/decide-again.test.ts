import { describe, expect, it } from 'vitest';
import { againOf } from '../ledger/best-again.ts';
import type { Rules } from '../ledger/decide.ts';
import { type Seen, stillBest } from './decide-again.ts';

const rules: Rules = {
  ...{ metric: 'f1', goal: 'max', gains: ['own'], constraints: {}, tooGood: {}, noise: 0.01, ceiling: null },
  ...{ guards: { mcc: '>=0.7' }, bests: [] },
};
const rule = { deviation: 0.01, df: 15, looks: [3, 5, 8], nth: 1 };
const pair = (gain: number, more: Record<string, number> = {}) => ({
  ...{ draw: 0, world: 'w', kept: false },
  candidate: { f1: 0.8 + gain, own: 0.8 + gain, mcc: 0.8, ...more },
  best: { f1: 0.8, own: 0.8, mcc: 0.8 },
});
/** A best that was confirmed by three pairs, barely: the bound was 0.0237. */
const seen = (since: number[], more: Partial<Seen> = {}) => {
  const before = [0.025, 0.025, 0.025].map((gain) => pair(gain));
  const of = { before, since: since.map((gain) => pair(gain)), again: againOf([0]), beforeLost: null };
  return stillBest({ ...of, failed: null, ...more }, rules, rule);
};

describe('a best at the end of a night', () => {
  it('holds where its gain over all pairs is beyond the bound of so many', () => {
    expect(seen([0.02])).toMatchObject({ holds: true, gain: { mean: expect.closeTo(0.0238, 4) } });
    expect(seen([0])).toMatchObject({
      holds: false,
      reason: expect.stringMatching(
        /^on 4 secret worlds f1 0\.8\d+ against the best's 0\.8 in the mean: a gain of 0\.0188 ± .* are needed\); it is not beyond the bound any more$/,
      ),
    });
    // The same share of the chance at four pairs: Student's t with 18 degrees of freedom is 4.286 there.
    const pooled = Math.sqrt((15 * 0.01 ** 2 + 3 * 0.00125 ** 2 + 0.00375 ** 2) / 18);
    expect(seen([0.02]).gain?.needed).toBeCloseTo((4.286 * pooled) / 2, 5);
  });

  it('counts as it trains now: what it lost is taken off the gains that it had as a candidate', () => {
    expect(seen([0.06], { again: againOf([0.002]) }).holds).toBe(true);
    expect(seen([0.02], { again: againOf([0.01]) })).toMatchObject({
      holds: false,
      reason: expect.stringContaining('trained again on a world and seed of its confirming it lost 0.01'),
    });
    expect(seen([0.06], { again: againOf([0.002]) }).reason).toMatch(
      /a gain of 0\.0\d+ ± 0\.0\d+ after losses \(/,
    );
    expect(seen([0.06]).reason).not.toContain('after losses');
    // With no more digits than the record.
    expect(seen([0.06], { again: againOf([0.00008765]) }).reason).toMatch(/ it lost 0\.0001$/);
    expect(seen([0.06], { again: againOf([0.00001]) }).reason).not.toContain('lost');
    // What the best before it had lost then counts for no gain, as it did not then.
    expect(seen([0.02], { beforeLost: againOf([0.01]) }).holds).toBe(false);
  });

  it('holds where only the best before it comes to no result, and not where it does itself', () => {
    const unpaired = seen([]);
    expect(unpaired).toMatchObject({ holds: true, reason: expect.stringContaining('there is no new pair') });
    expect(seen([0.02], { failed: 'trained again, it came to no result' }).holds).toBe(false);
  });

  it('has to show its gain in the other numbers, and to pass the guards, over all pairs', () => {
    const since = [pair(0.02, { own: 0.7 })];
    expect(seen([], { since }).reason).toContain('it does not show in own');
    expect(seen([], { since: [pair(0.02, { mcc: 0.2 })] }).reason).toContain('a guard fails there: mcc');
  });

  it('is the first one where its guards hold, and it does not train worse than two runs are apart', () => {
    const first = (loss: number) => {
      const alone = [pair(0.1), pair(0.1)].map((of) => ({ ...of, best: null }));
      return seen([], { before: alone, since: alone.slice(1), again: againOf([loss]) });
    };
    expect(first(0)).toEqual({ holds: true, reason: 'on 3 secret worlds f1 0.9 in the mean', gain: null });
    expect(first(0.009).holds).toBe(true);
    expect(first(0.02)).toMatchObject({
      holds: false,
      reason: expect.stringContaining('it lost 0.02; more than two runs of equal worth are apart'),
    });
  });
});
