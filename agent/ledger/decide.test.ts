import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measuredProfile } from '#contract/noise';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { decide, rulesOf } from './decide.ts';

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
