import { describe, expect, it } from 'vitest';
import { specOf } from '#contract/run';
import type { Sprint, SprintRun } from '#contract/sprint';
import type { Limits } from '../config/config.ts';
import { exampleSprint, exampleTask } from '../fixtures/examples.ts';
import { nothingYet } from '../journal/state.ts';
import { bestCandidate, compare, meanGain, type Stages, standingOf, unearned } from '../ledger/stages.ts';
import { noRoom, planLines, type RunsSoFar, refusal } from './plan.ts';

// A screen of 100 samples takes 1 s, a rank run of 500 takes 5, a full run of 1000 takes 10, and judging 1 s.
const task = exampleTask((contract) => {
  contract.profiles.tiny.staged = true;
});
const profile = task.contract.profiles.tiny;
let made = 0;
const run = (tree: string, samples: number, f1: number, more: Partial<SprintRun> = {}): SprintRun => ({
  ...{
    id: `${tree}-${samples}-${made++}`,
    researcher: 'a',
    experiment: 'plain',
    settings: {},
    seed: 0,
    samples,
    tree,
  },
  ...{ status: 'finished', reason: null, seconds: 1, samplesPerSecond: 100, backend: null, claimed: {} },
  ...{ verdict: null, curve: [], evals: [{ samples, evaluationSamples: 50, metrics: { f1 } }] },
  ...more,
});
const best = run('best', 1000, 0.5);
const bestSprint = (...others: SprintRun[]): Sprint =>
  exampleSprint({ candidate: best.id, runs: [best, ...others] });
const loop = (secondsLeft: number, over: Partial<Limits> = {}) =>
  ({
    config: {
      ...{ repo: '', task, profile, leaderboard: 'tiny-00000000' },
      limits: {
        ...{ usd: 5, tokens: null, sprints: null, trainHours: null, target: null },
        sprint: { usd: null, hours: null, turns: 200 },
        until: new Date(Date.now() + secondsLeft * 1000),
        ...over,
      },
    },
    connection: { kind: 'claude' },
    journal: { state: () => nothingYet },
  }) as unknown as Parameters<typeof refusal>[0];
const ask = (of: SprintRun, samples: number, more: Partial<Parameters<typeof refusal>[1]> = {}) => ({
  ...{ spec: { ...specOf(of), samples }, reference: null, open: [], openSeconds: 0 },
  ...more,
});
const seen = (sprints: Sprint[], mine: SprintRun[] = []): RunsSoFar => ({ sprints, mine });

describe('a run and the time that is left', () => {
  const idea = run('idea', 100, 0.6);
  const there = seen([bestSprint(run('best', 100, 0.5))], [idea]);

  it('has to end, and be judged, before the loop does', () => {
    expect(refusal(loop(2.5), ask(idea, 100), there)).toBeNull();
    // Training alone would fit.
    expect(refusal(loop(1.5), ask(idea, 100), there)).toMatch(
      /^100 samples take about 1.0 s at 100 samples\/s, and their judging 1.0 s; 1.5 s are left; at most \d+ samples/,
    );
    expect(refusal(loop(-1), ask(idea, 100), there)).toMatch(
      /^no time is left for training: .*finish_sprint/,
    );
  });

  it('counts the runs before it, the comparison that goes with it, and the hours of training', () => {
    expect(refusal(loop(4), ask(idea, 100, { openSeconds: 3 }), there)).toContain(
      'after 3.0 s of runs before it',
    );
    expect(refusal(loop(2.5), ask(idea, 100, { reference: specOf(idea) }), there)).toContain(
      '2.5 s are left',
    );
    expect(refusal(loop(100, { trainHours: 1 / 3600 }), ask(idea, 100), there)).toContain('1.0 s are left');
  });

  it('has to have that time still when its turn on the device comes; only the comparison is not judged', () => {
    const spec = { ...specOf(idea), samples: 100 };
    expect(noRoom(loop(2.5), spec, there)).toBeNull();
    expect(noRoom(loop(1.5), spec, there)).toBe(
      '1.5 s are left, too little for 100 samples and their judging',
    );
    expect(noRoom(loop(1.5), spec, there, 'incumbent')).toBeNull();
    expect(noRoom(loop(-1), spec, seen([]))).toContain('0 s are left');
  });

  it('is told in the prompt, with the noise and the candidate that the last full run is kept for', () => {
    const lines = planLines(loop(25), there).join('\n');
    expect(lines).toContain('100 samples/s, measured by the last run');
    expect(lines).toMatch(/12 screen runs of 100 .* 4 rank runs of 500 .* 2 count runs of 1000/);
    expect(lines).toContain(`best candidate without a counting run: ${idea.id}`);
    expect(planLines(loop(15), there).join('\n')).toContain('only ONE full run still fits');
  });
});

describe('the last full run', () => {
  const idea = run('idea', 100, 0.52);
  const better = run('better', 100, 0.6);
  const other = run('other', 100, 0.4);
  const there = seen([bestSprint(run('best', 100, 0.5))], [idea, better, other]);

  it('is kept for the best candidate, which may skip its rank run then', () => {
    expect(refusal(loop(14), ask(other, 90), there)).toBeNull();
    expect(refusal(loop(12), ask(other, 100), there)).toContain(`best candidate so far, ${better.id}. Start`);
    expect(refusal(loop(12), ask(better, 1000), there)).toBeNull();
    expect(refusal(loop(12), ask(idea, 1000), there)).toContain('a count run has to be earned');
    // With time for two, it has to be earned.
    expect(refusal(loop(30), ask(better, 1000), there)).toContain('a count run has to be earned');
  });

  it('does not hold back what comes after it was started, or when it cannot be had any more', () => {
    const open = [{ ...specOf(better), samples: 1000 }];
    expect(refusal(loop(14), ask(other, 100, { open, openSeconds: 10 }), there)).toBeNull();
    expect(refusal(loop(5), ask(other, 100), there)).toBeNull();
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

  it('believes a rank run before the screen of the same code, and asks for no second counting run', () => {
    const bests = [run('best', 100, 0.5), run('best', 500, 0.5)];
    const lucky = run('lucky', 100, 0.9);
    const solid = run('solid', 100, 0.55);
    expect(bestCandidate(field([...bests, lucky, solid]))).toBe(lucky);
    const sobered = [...bests, lucky, solid, run('lucky', 500, 0.4)];
    expect(bestCandidate(field(sobered))).toBe(solid);
    expect(bestCandidate(field([...sobered, run('solid', 1000, 0.5)]))).toBeNull();
  });
});
