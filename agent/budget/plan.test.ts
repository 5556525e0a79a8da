import { describe, expect, it } from 'vitest';
import { specOf } from '#contract/run';
import type { SprintRun } from '#contract/sprint';
import { best, bestSprint, profile, run, stagedLoop } from '../fixtures/staged.ts';
import { bestCandidate, compare, meanGain, type Stages, standingOf, unearned } from '../ledger/stages.ts';
import { planLines } from './plan.ts';

describe('the plan of a night', () => {
  const idea = run('idea', 100, 0.6);
  const there = { sprints: [bestSprint(run('best', 100, 0.5))], mine: [idea] };

  it('is told in the prompt, with the noise and the candidate that the last full run is kept for', () => {
    const lines = planLines(stagedLoop(25).loop, there).join('\n');
    expect(lines).toContain('100 samples/s, measured by the last run');
    expect(lines).toMatch(/12 screen runs of 100 .* 4 rank runs of 500 .* 2 full runs of 1000/);
    expect(lines).toContain(`best candidate without a full run: ${idea.id}`);
    expect(planLines(stagedLoop(15).loop, there).join('\n')).toContain('only ONE full run still fits');
  });
});

describe('comparing', () => {
  const field = (runs: SprintRun[], more: Partial<Stages> = {}): Stages => ({
    ...{ contract: { metric: 'f1', goal: 'max' }, profile, incumbent: best, runs },
    ...more,
  });

  it('takes the same budget and the same seed, in the direction of the goal', () => {
    const idea = run('idea', 100, 0.6, { seed: 3 });
    expect(compare(idea, field([idea, run('best', 100, 0.5)]))).toBeNull();
    expect(compare(idea, field([idea, run('best', 500, 0.5, { seed: 3 })]))).toBeNull();
    const early = run('best', 100, 0.5, { seed: 3 });
    early.evals[0].samples = 80;
    expect(compare(idea, field([idea, early]))).toBeNull();
    const runs = [idea, run('best', 100, 0.5, { seed: 3 })];
    expect(compare(idea, field(runs))?.gain).toBeCloseTo(0.1);
    expect(compare(idea, field(runs, { contract: { metric: 'f1', goal: 'min' } }))?.gain).toBeCloseTo(-0.1);
  });

  it('is by the mean over the seeds tried: one lucky seed earns nothing', () => {
    const bests = [0, 1, 2].map((seed) => run('best', 100, 0.5, { seed }));
    const lucky = [0.53, 0.49, 0.49].map((f1, seed) => run('lucky', 100, f1, { seed }));
    const rank = { ...specOf(lucky[0]), samples: 500 };
    expect(unearned(rank, field([...bests, lucky[0]]))).toBeNull();
    const seen = field([...bests, ...lucky]);
    expect(meanGain(rank, 100, seen)).toMatchObject({ seeds: 3, gain: expect.closeTo(0.01 / 3) });
    expect(unearned(rank, seen)).toContain('in the mean over the 3 seeds tried a gain of 0.0033');
    expect(standingOf(lucky[0], seen)).toContain('it has earned no rank run');
    expect(bestCandidate(seen)).toBeNull();
    const solid = [0, 1].map((seed) => run('solid', 100, 0.52, { seed }));
    expect(bestCandidate(field([...bests, ...lucky, ...solid]))).toBe(solid[1]);
  });

  it('takes the noise of its own budget, smaller for the mean of several seeds', () => {
    const one = { deviation: 0.04, df: 7 };
    const unlike = { screen: one, rank: one, full: one };
    const noise = { screen: 0.04, rank: 0.02, full: 0.01, unlike, from: 'a file' };
    const bests = [0, 1].flatMap((seed) => [100, 500].map((samples) => run('best', samples, 0.5, { seed })));
    const of = (...mine: SprintRun[]) => field([...bests, ...mine], { profile: { ...profile, noise } });
    const screened = run('idea', 100, 0.53);
    const rank = { ...specOf(screened), samples: 500 };
    expect(unearned(rank, of(screened))).toContain('no gain beyond the noise of 0.04');
    expect(unearned(rank, of(screened, run('idea', 100, 0.53, { seed: 1 })))).toBeNull();
    const full = { ...specOf(screened), samples: 1000 };
    expect(unearned(full, of(run('idea', 500, 0.53)))).toBeNull();
    expect(standingOf(run('idea', 500, 0.515), of())).toContain('no gain beyond the noise of 0.02');
    expect(unearned(full, of())).toContain('by more than 0.02');
  });

  it('believes a rank run before the screen of the same code, and asks for no second full run', () => {
    const bests = [run('best', 100, 0.5), run('best', 500, 0.5)];
    const lucky = run('lucky', 100, 0.9);
    const solid = run('solid', 100, 0.55);
    expect(bestCandidate(field([...bests, lucky, solid]))).toBe(lucky);
    const sobered = [...bests, lucky, solid, run('lucky', 500, 0.4)];
    expect(bestCandidate(field(sobered))).toBe(solid);
    expect(bestCandidate(field([...sobered, run('solid', 1000, 0.5)]))).toBeNull();
  });
});
