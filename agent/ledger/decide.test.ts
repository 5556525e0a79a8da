import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measuredProfile } from '#contract/noise';
import { readTask } from '#contract/task';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { bestBound, decide, decideByMean, isNear, noBest, rulesOf } from './decide.ts';

const task = exampleTask();
const profile = measuredProfile(task, 'tiny');
const rules = (over?: typeof best) => rulesOf(task, profile, over ? [over] : []);
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

  it.each([undefined, -0.01, 0])('bounds what may become the best, where a gain of %s counts', (counts) => {
    for (const goal of ['max', 'min'] as const) {
      const of = { ...rules(best), goal, ...(counts !== undefined && { counts }) };
      const bound = bestBound(of) ?? Number.NaN;
      const reaches = (f1: number) => (goal === 'max' ? f1 >= bound : f1 <= bound);
      for (let f1 = 0.75; f1 < 0.85; f1 += 0.0013) {
        const may = decide(given(f1), of).outcome === 'new-best' || (!of.counts && isNear(given(f1), of));
        if (may) expect(reaches(f1), `${goal} ${f1}`).toBe(true);
      }
      const [worse, near] = goal === 'max' ? [0.78, 0.8001] : [0.82, 0.7999];
      expect([reaches(worse), reaches(near)]).toEqual([false, true]);
      expect(reaches(noBest(goal))).toBe(true);
      expect(goal === 'max' ? noBest(goal) > 1e300 : noBest(goal) < -1e300).toBe(true);
    }
    expect(bestBound(rules())).toBeUndefined();
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

  describe('where a gain has to show one to one as well', () => {
    const both = (f1: number, one: number) => exampleVerdict({ metrics: { f1, one, mcc: 0.7 } });
    const asked = (over: ReturnType<typeof both>) => ({ ...rules(over), gains: ['one'] });
    const decided = (f1: number, one: number) => decide(both(f1, one), asked(both(0.8, 0.78)));

    it('keeps what gains in both, and names the number in which nothing shows', () => {
      expect(decided(0.83, 0.81)).toEqual({
        outcome: 'new-best',
        reason: "f1 0.83 against the best's 0.8: a gain of 0.03",
      });
      expect(decided(0.83, 0.785)).toEqual({
        outcome: 'no-gain',
        reason:
          "f1 0.83 against the best's 0.8: a gain of 0.03, which has to show in other numbers too: one 0.785 against the best's 0.78: within the noise of 0.01",
      });
      expect(decided(0.83, 0.7).reason).toMatch(/other numbers too: one 0\.7 .*: worse$/);
      expect(decided(0.805, 0.9).outcome).toBe('no-gain');
      expect(decided(0.83, Number.NaN)).toMatchObject({
        outcome: 'no-gain',
        reason: expect.stringContaining('the verdict has no value for one'),
      });
    });

    it('calls it near where the smaller of the gains is', () => {
      const near = (f1: number, one: number) => isNear(both(f1, one), asked(both(0.8, 0.78)));
      expect([near(0.83, 0.785), near(0.83, 0.795), near(0.83, 0.81), near(0.83, 0.77)]).toEqual([
        ...[true, true, false, false],
      ]);
    });

    it('compares the metric alone with a best of an earlier version, that was not measured so', () => {
      expect(decide(both(0.83, 0.1), asked(best as ReturnType<typeof both>)).outcome).toBe('new-best');
      expect(decide(both(0.83, 0.1), { ...rules(), gains: ['one'] }).outcome).toBe('new-best');
    });
  });

  it('guards against the best ever and an absolute floor: a guard does not sink with the bests', () => {
    const guarded = (bests: readonly number[]) => ({
      ...rulesOf(
        task,
        profile,
        bests.map((mcc, i) => exampleVerdict({ metrics: { f1: 0.7 + 0.02 * i, mcc } })),
      ),
      guards: { mcc: '>=0.6 and >=best ever-0.02' },
    });
    const of = (mcc: number, bests: readonly number[]) =>
      decide(exampleVerdict({ metrics: { f1: 0.9, mcc } }), guarded(bests));
    // Each step is within 0.02 of the last one.
    expect(of(0.735, [0.75]).outcome).toBe('new-best');
    expect(of(0.72, [0.75, 0.735])).toMatchObject({
      outcome: 'degenerate',
      reason: expect.stringContaining('mcc: 0.72 where >=best ever-0.02 (0.73) is asked'),
    });
    expect(of(0.59, []).outcome).toBe('degenerate');
    expect(of(0.6, []).outcome).toBe('new-best');
  });

  describe('too good to be true', () => {
    const doubting = (over?: typeof best) => ({
      ...rules(over),
      tooGood: { mcc: '>0.98' },
      ceiling: 0.95,
    });
    const of = (f1: number, mcc: number, more: object = {}, over = best) =>
      decide(exampleVerdict({ metrics: { f1, mcc }, ...more }), doubting(over));

    it('is held, before a first best too, and the reason says what is not believed', () => {
      expect(of(0.9, 0.97).outcome).toBe('new-best');
      expect(of(0.9, 1)).toEqual({
        outcome: 'held',
        reason:
          "f1 0.9 against the best's 0.8: a gain of 0.1, but too good to be true: mcc 1 (>0.98); held until it is confirmed on a world that the researcher cannot know",
      });
      expect(decide(given(0.9, { metrics: { f1: 0.9, mcc: 1 } }), doubting()).outcome).toBe('held');
      // The noise is 0.01.
      expect(of(0.9599, 0.7).outcome).toBe('new-best');
      expect(of(0.9601, 0.7).reason).toContain(
        'f1 0.9601 is above the ceiling of 0.95 by more than the noise',
      );
      const falling = { ...doubting(best), goal: 'min' as const, ceiling: 0.5 };
      expect(decide(given(0.48), falling).reason).toContain('below the floor of 0.5');
    });

    it('is believed once it is confirmed, and never saves what does not gain or is degenerate', () => {
      expect(of(0.97, 1, { kind: 'confirmed' }).outcome).toBe('new-best');
      expect(of(0.79, 1).outcome).toBe('no-gain');
      expect(decide(given(0.97), { ...doubting(best), guards: { mcc: '>0.8' } }).outcome).toBe('degenerate');
    });

    it('may be near the noise, and is held by the means of two seeds as well', () => {
      const near = exampleVerdict({ metrics: { f1: 0.815, mcc: 1 } });
      expect(isNear(near, doubting(best))).toBe(true);
      const second = { verdict: exampleVerdict({ metrics: { f1: 0.83, mcc: 1 } }), best };
      expect(decideByMean({ verdict: near, best }, second, doubting(best)).outcome).toBe('held');
    });
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

it('keeps the best published results at 16k: they are above the quoted probe ceiling, and true', () => {
  const task = readTask('TASK.md');
  const profile = measuredProfile(task, '16k');
  const published = (f1: number, mcc: number) =>
    exampleVerdict({
      metrics: { f1, f1_one_to_one: f1, mcc, uniqueness: 0.999 },
      observed: { samples: 200_000_000, width: 4096 },
      declared: { learning_rate: 3e-4 },
    });
  const lista = published(0.977, 0.818);
  expect(decide(lista, rulesOf(task, profile, [published(0.879, 0.793)])).outcome).toBe('new-best');
  expect(decide(published(0.989, 0.8245), rulesOf(task, profile, [lista])).outcome).toBe('new-best');
  expect(decide(published(0.997, 0.8245), rulesOf(task, profile, [lista])).outcome).toBe('held');
});
