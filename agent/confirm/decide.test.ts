import { describe, expect, it } from 'vitest';
import { worldWords } from '../common/worlds.ts';
import { againOf } from '../ledger/best-again.ts';
import type { NamedRules, Rules } from '../ledger/decide.ts';
import { type Best, decidePairs as decideBy, decideFirst } from './decide.ts';

const rules: Rules = {
  ...{ metric: 'f1', goal: 'max', gains: ['own'], constraints: {}, tooGood: {}, noise: 0.01, ceiling: null },
  ...{ guards: { mcc: '>=0.7 and >=best ever-0.01' }, bests: [] },
};
const rule = { deviation: 0.01, df: 15, looks: [3, 5, 8], nth: 1 };

/** Pairs of a candidate with these gains; the best has 0.8 in all. */
const pairs = (gains: readonly number[], more: Record<string, number> = {}) =>
  gains.map((gain, draw) => ({
    ...{ draw, world: 'w', kept: draw % 2 === 1 },
    candidate: { f1: 0.8 + gain, own: 0.8 + gain, mcc: 0.8, ...more },
    best: { f1: 0.8, own: 0.8, mcc: 0.8 },
  }));

/** Decides against a best that loses nothing where it is trained again, unless it is told. */
const decidePairs = (
  of: Parameters<typeof decideBy>[0],
  by: NamedRules,
  confirming: typeof rule,
  ended: string | null = null,
  best: Partial<Best> = {},
) => decideBy(of, by, confirming, { again: againOf([0]), checked: of.length, ended, ...best });

describe('pairs on secret worlds', () => {
  it('decide in their order, by the first number of pairs that does', () => {
    expect(decidePairs(pairs([0.1, 0.1]), rules, rule)).toBeNull();
    const decided = decidePairs(pairs([0.1, 0.1, 0.1, -1, -1]), rules, rule);
    expect([decided?.result, decided?.pairs.length]).toEqual(['confirmed', 3]);
    expect(decided?.reason).toMatch(
      /^on 3 secret worlds f1 0\.9 against the best's 0\.8 in the mean: a gain of 0\.1 ± 0\.0\d+ \(0\.0\d+ were needed\)$/,
    );
  });

  it('are called parts where the world of the verdict is rows', () => {
    const worlds = worldWords({ world: { name: 'activations:/x', hash: 'h', kind: 'rows' } });
    const decided = decidePairs(pairs([0.1, 0.1, 0.1]), { ...rules, worlds }, rule);
    expect(decided?.reason).toMatch(/^on 3 secret parts f1 0\.9 against/);
  });

  it('do not confirm what does not show in the other numbers, or breaks a guard there', () => {
    const copies = decidePairs(pairs([0.1, 0.1, 0.1], { own: 0.8 }), rules, rule);
    expect([copies?.result, copies?.reason]).toEqual([
      'behind',
      expect.stringContaining('but it does not show in own (0)'),
    ]);
    const absolute = decidePairs(pairs([0.1, 0.1, 0.1], { mcc: 0.6 }), rules, rule);
    expect(absolute?.reason).toContain('a guard fails there: mcc: 0.6 where >=0.7');
    const relative = decidePairs(pairs([0.1, 0.1, 0.1], { mcc: 0.75 }), rules, rule);
    expect(relative?.reason).toContain('(0.79) is asked');
  });

  it('are stacked where the other numbers gain as much as the metric has to', () => {
    // The standard error of one pair is 0.01.
    expect(decidePairs(pairs([0.012], { own: 0.812 }), rules, rule, 'no time')?.result).toBe('small');
    expect(decidePairs(pairs([0.012], { own: 0.805 }), rules, rule, 'no time')?.reason).toContain(
      'not show in own',
    );
  });

  it('count by their mean where there will be no more', () => {
    expect(decidePairs(pairs([0.02]), rules, rule, 'no time')?.result).toBe('small');
    expect(decidePairs(pairs([0.005]), rules, rule, 'no time')?.result).toBe('behind');
    expect(decidePairs(pairs([0.02]), rules, rule, 'no time')?.reason).toContain('; no more pairs: no time');
  });

  it('are a gain in the direction of the goal', () => {
    const low = pairs([-0.1, -0.1, -0.1]);
    expect(decidePairs(low, rules, rule)?.result).toBe('behind');
    expect(decidePairs(low, { ...rules, goal: 'min' }, rule)?.result).toBe('confirmed');
  });
});

describe('a best that was trained again', () => {
  const seen = (fresh: number, kept: number, n = 8) =>
    pairs(Array.from({ length: n }, (_, at) => (at % 2 === 1 ? kept : fresh)));

  it('is waited for at a look, unless the candidate is behind anyway', () => {
    const large = pairs([0.1, 0.1, 0.1]);
    expect(decidePairs(large, rules, rule, null, { checked: 2 })).toBeNull();
    expect(decidePairs(large, rules, rule, 'no time', { checked: 2 })?.result).toBe('small');
    expect(decidePairs(pairs([-0.1]), rules, rule, null, { checked: 0 })?.result).toBe('behind');
  });

  it('takes what it lost off the gains on worlds that are new to it', () => {
    const again = againOf([0.02, 0.02]);
    expect(decidePairs(seen(0.04, 0.04), rules, rule, null, { again })?.result).toBe('confirmed');
    const held = decidePairs(seen(0.02, 0), rules, rule, null, { again });
    expect(held?.result).toBe('held');
    expect(held?.gain?.mean).toBeCloseTo(0);
  });

  it('holds a gain that is beyond the bound by that loss alone', () => {
    const held = decidePairs(seen(0.035, 0.012), rules, rule, null, { again: againOf([0.02, 0.024]) });
    expect(held).toMatchObject({
      result: 'held',
      reason: expect.stringMatching(
        /held, since the best trains worse than it did: .* it lost 0\.022 in the mean of 2/,
      ),
    });
    // So little may be the rows that the judge drew.
    const rows = decidePairs(seen(0.0145, 0.0135), rules, rule, null, { again: againOf([0.002, 0.002]) });
    expect(rows?.result).not.toBe('held');
  });

  it('holds a gain that is much larger on new worlds than on known ones', () => {
    const held = decidePairs(seen(0.06, 0.02), rules, rule);
    expect(held).toMatchObject({
      result: 'held',
      reason: expect.stringContaining(
        'the gain is larger by 3.266 standard errors than where the best was measured as',
      ),
    });
  });
});

it('confirms the first best where its guards hold', () => {
  const alone = (mcc: number) => pairs([0, 0, 0], { mcc }).map((pair) => ({ ...pair, best: null }));
  expect(decideFirst(alone(0.8), rules).result).toBe('confirmed');
  expect(decideFirst(alone(0.5), rules)).toMatchObject({
    result: 'behind',
    reason: expect.stringContaining('a guard fails there: mcc'),
  });
});
