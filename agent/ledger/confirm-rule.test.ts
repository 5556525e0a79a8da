import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../fixtures/random.ts';
import { chanceOf, FALSE_BEST, standingOf } from './confirm-rule.ts';
import { simulate } from './confirm-simulation.ts';

const rule = { deviation: 0.01, df: 15, looks: [3, 5, 8], nth: 1 };
const same = (gain: number, n: number) => Array.from({ length: n }, () => gain);

describe('the chance of a false best', () => {
  it('is shared by all candidates of a key, however many', () => {
    const sum = (n: number) => Array.from({ length: n }, (_, i) => chanceOf(i + 1)).reduce((a, b) => a + b);
    expect(sum(30)).toBeCloseTo(0.8 * FALSE_BEST);
    expect(sum(10_000)).toBeLessThanOrEqual(FALSE_BEST);
    fc.assert(fc.property(fc.nat(5000), (n) => chanceOf(n + 2) <= chanceOf(n + 1)));
  });
});

describe('a candidate after some pairs', () => {
  it('is confirmed at a look alone, where its mean gain is beyond the bound', () => {
    expect(standingOf(same(0.1, 2), rule).state).toBe('open');
    expect(standingOf(same(0.1, 3), rule).state).toBe('confirmed');
    expect(standingOf(same(0.1, 4), rule).state).toBe('open');
    // Student's t with 17 degrees of freedom: 4.345 (scipy) at the first of three looks.
    const { needed } = standingOf(same(0, 3), rule);
    const pooled = Math.sqrt((15 * 0.01 ** 2) / 17);
    expect(needed).toBeCloseTo((4.345 * pooled) / Math.sqrt(3), 4);
  });

  it('is dropped early where it falls behind, and is small where it is only above its standard error', () => {
    expect(standingOf([-0.02], rule).state).toBe('behind');
    expect(standingOf(same(0.006, 8), rule).state).toBe('small');
    expect(standingOf(same(0.001, 8), rule).state).toBe('behind');
  });

  it('needs more where there were more candidates, and where its pairs scatter', () => {
    expect(standingOf(same(0, 3), { ...rule, nth: 31 }).needed).toBeGreaterThan(
      standingOf(same(0, 3), rule).needed,
    );
    expect(standingOf([0.05, -0.05, 0], rule).needed).toBeGreaterThan(standingOf(same(0, 3), rule).needed);
  });
});

/** The profiles: their noise, how well it is known, their looks, and the gain that has to be found. */
const worlds = {
  small: { deviation: 0.03, df: 14, noise: 0.01, looks: [3, 6, 12, 32], gain: 0.03 },
  '16k': { deviation: 0.00297, df: 4, noise: 0, looks: [3, 6, 12], gain: 0.005 },
};

describe.each(Object.entries(worlds))('simulated nights in %s', (_, { gain, ...world }) => {
  it('have a false best among 30 equal candidates in at most 5 of 100', () => {
    for (const known of [0, 3, 32]) {
      const night = { ...world, candidates: 30, gain: 0, nth: 1, known };
      const { confirmed } = simulate(night, 600, randomFrom(7));
      expect(confirmed).toBeLessThan(FALSE_BEST);
    }
  });

  it('have hardly more where the best trains worse once it is the best', () => {
    const night = { ...world, candidates: 30, gain: 0, nth: 1, known: 3 };
    const drift = { loss: world.deviation, share: 1 };
    expect(simulate({ ...night, drift, checked: false }, 200, randomFrom(7)).confirmed).toBeGreaterThan(0.4);
    expect(simulate({ ...night, drift }, 600, randomFrom(7)).confirmed).toBeLessThan(FALSE_BEST);
  });

  it('have hardly more where it trains worse on some of its runs alone', () => {
    for (const [loss, share] of [
      [4, 0.5],
      [6, 0.25],
    ] as const) {
      const drift = { loss: loss * world.deviation, share };
      const night = { ...world, candidates: 30, gain: 0, nth: 1, known: 3, drift };
      expect(simulate(night, 400, randomFrom(7)).confirmed).toBeLessThan(FALSE_BEST);
    }
  });

  it('have hardly more where a researcher puts together what was lucky on known worlds', () => {
    for (const known of [3, 32]) {
      const night = { ...world, candidates: 30, gain: 0, nth: 1, known, composes: 'means' as const };
      expect(simulate(night, 600, randomFrom(7)).confirmed).toBeLessThan(FALSE_BEST);
    }
  });

  it('confirm the gain that has to be found in at least 80 of 100, as the last of 30 candidates too', () => {
    for (const nth of [1, 30]) {
      const night = { ...world, candidates: 1, gain, nth, known: 3 };
      expect(simulate(night, 1000, randomFrom(11)).confirmed).toBeGreaterThan(0.8);
    }
  });
});

it('confirms one and a half deviations in small in two thirds of the pairs that three looks take', () => {
  const { small } = worlds;
  const night = { ...small, candidates: 1, gain: 1.5 * small.deviation, nth: 1, known: 3 };
  const pairs = (looks: number[]) => simulate({ ...night, looks }, 600, randomFrom(7)).pairs;
  expect(pairs(small.looks)).toBeLessThan((2 / 3) * pairs([3, 6, 32]));
});
