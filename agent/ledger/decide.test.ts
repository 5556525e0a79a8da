import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measuredProfile } from '#contract/noise';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { decide, decideByMean, isNear, rulesOf } from './decide.ts';

const task = exampleTask();
const profile = measuredProfile(task, 'tiny');
const rules = (over?: typeof best) => rulesOf(task, profile, over);
const best = exampleVerdict({ metrics: { f1: 0.8, mcc: 0.7 } });
const given = (f1: number, over: Parameters<typeof exampleVerdict>[0] = {}) =>
  exampleVerdict({ metrics: { f1, mcc: 0.7 }, ...over });

describe('what a verdict makes of a sprint', () => {
  it('takes the first valid run as the best', () => {
    expect(decide(given(0.1), rules()).outcome).toBe('new-best');
  });

  it('needs a gain beyond the noise, in the direction of the goal', () => {
    const of = (f1: number) => decide(given(f1), rules(best)).outcome;
    expect(of(0.82)).toBe('new-best');
    expect(of(0.8099)).toBe('no-gain');
    expect(of(0.7)).toBe('no-gain');
    const falling = { ...rules(best), goal: 'min' as const };
    expect(decide(given(0.7), falling).outcome).toBe('new-best');
    expect(decide(given(0.82), falling).outcome).toBe('no-gain');
  });

  it('calls a gain that fails a guard degenerate, and says which', () => {
    const decision = decide(given(0.99, { metrics: { f1: 0.99, mcc: 0.5 } }), rules(best));
    expect(decision.outcome).toBe('degenerate');
    expect(decision.reason).toContain('mcc');
  });

  it('refuses a run that breaks a constraint, observed before declared', () => {
    expect(decide(given(0.9, { observed: { samples: 2000 } }), rules(best)).outcome).toBe('invalid');
    const lies = given(0.9, { observed: { samples: 2000 }, declared: { samples: 1000 } });
    expect(decide(lies, rules(best)).outcome).toBe('invalid');
    expect(decide(given(0.9, { observed: {}, declared: { samples: 1000 } }), rules(best)).outcome).toBe(
      'new-best',
    );
    expect(decide(given(Number.NaN), rules(best)).outcome).toBe('invalid');
  });

  it('calls a verdict near where it is within one noise of the gain that counts', () => {
    const near = (f1: number, over = {}) => isNear(given(f1, over), { ...rules(best), ...over });
    // The noise is 0.01, the best 0.8.
    expect([0.7999, 0.8001, 0.8099, 0.8199, 0.8201].map((f1) => near(f1))).toEqual([
      ...[false, true, true, true, false],
    ]);
    expect(isNear(given(0.81), rules())).toBe(false);
    expect(isNear(given(0.81), { ...rules(best), noise: 0 })).toBe(false);
    expect(isNear(given(0.79), { ...rules(best), goal: 'min' })).toBe(true);
    // What a guard or a constraint stops needs no second seed.
    expect(isNear(given(0.81, { metrics: { f1: 0.81, mcc: 0.5 } }), rules(best))).toBe(false);
    expect(isNear(given(0.81, { observed: { samples: 2000 } }), rules(best))).toBe(false);
  });

  it('decides by the means of two seeds with the noise of a mean', () => {
    const second = (f1: number, f1Best: number) =>
      decideByMean(
        { verdict: given(0.805), best },
        { verdict: given(f1), best: exampleVerdict({ metrics: { f1: f1Best, mcc: 0.7 } }) },
        rules(best),
      );
    // Gains 0.005 and 0.01: 0.0075 in the mean, its noise 0.00707.
    expect(second(0.82, 0.81)).toMatchObject({
      outcome: 'new-best',
      reason: expect.stringContaining("f1 0.8125 against the best's 0.805: a gain of 0.0075"),
    });
    expect(second(0.819, 0.81).outcome).toBe('no-gain');
    const broken = decideByMean(
      { verdict: given(0.805), best },
      { verdict: given(0.9, { observed: { samples: 2000 } }), best },
      rules(best),
    );
    expect(broken.outcome).toBe('invalid');
  });

  it('never lets the best fall by more than nothing over any sequence of verdicts', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (values) => {
        let current: ReturnType<typeof exampleVerdict> | undefined;
        for (const f1 of values) {
          const verdict = given(f1);
          if (decide(verdict, rules(current)).outcome !== 'new-best') continue;
          if (current) expect(f1).toBeGreaterThan(current.metrics.f1 + profile.noise.full);
          current = verdict;
        }
      }),
    );
  });
});
