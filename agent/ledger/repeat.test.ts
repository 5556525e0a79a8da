import { describe, expect, it } from 'vitest';
import type { RunSpec } from '#contract/run';
import { settingsFrom } from '#contract/settings';
import type { SprintRun } from '#contract/sprint';
import { nearRuns, refuseRepeat, sameRecipe, sameWork } from './repeat.ts';

const run = (set: string[], more: Partial<SprintRun> = {}): SprintRun => ({
  ...{
    id: 'r',
    researcherId: 'a',
    experiment: 'plain',
    seed: 0,
    samples: 100,
    tree: 'a',
    status: 'finished',
    reason: null,
  },
  ...{ seconds: 1, samplesPerSecond: 1, backend: null, claimed: { loss: 0.5 }, verdict: null },
  ...{ curve: [], evals: [], settings: settingsFrom(set) },
  ...more,
});
const spec = (set: string[], more: Partial<RunSpec> = {}): RunSpec => ({
  ...{ experiment: 'plain', seed: 0, samples: 100, tree: 'a', settings: settingsFrom(set) },
  ...more,
});

describe('a run that was made already', () => {
  it('is refused however its settings are written, and where it would diverge again', () => {
    const made = [run(['k=25', 'lr=0.0003'])];
    for (const set of [
      ['lr=3e-4', 'k=25.0'],
      ['k=7', 'lr=0.0003', 'k=25'],
    ]) {
      expect(() => refuseRepeat(spec(set), made), set.join()).toThrow('as r (same code');
    }
    const diverged = [run([], { status: 'diverged', reason: 'loss is NaN' })];
    expect(() => refuseRepeat(spec([]), diverged)).toThrow('diverged: loss is NaN');
  });

  it('is not refused with another setting, seed, budget or tree, or after an end that was not its own', () => {
    const made = [run(['k=25'])];
    for (const other of [
      spec(['k=26']),
      spec([]),
      spec(['k=25'], { seed: 1 }),
      spec(['k=25'], { samples: 200 }),
      spec(['k=25'], { tree: 'b' }),
    ]) {
      expect(() => refuseRepeat(other, made)).not.toThrow();
    }
    expect(() => refuseRepeat(spec([]), [run([], { status: 'killed' })])).not.toThrow();
  });

  it('is refused in another tree where nothing that it depends on has changed', () => {
    const made = [run(['k=25'], { fingerprint: 'f' })];
    const other = { tree: 'b', fingerprint: 'f' };
    expect(() => refuseRepeat({ ...spec(['k=25']), ...other }, made)).toThrow('as r (same code');
    for (const changed of [
      { ...spec(['k=25']), tree: 'b', fingerprint: 'g' },
      { ...spec(['k=25']), tree: 'b' },
      { ...spec(['k=26']), ...other },
      { ...spec(['k=25'], { seed: 1 }), ...other },
      { ...spec(['k=25'], { from: 'x' }), ...other },
    ])
      expect(() => refuseRepeat(changed, made)).not.toThrow();
    // A number of the judge's stands for another run of the same tree alone.
    expect(sameWork({ ...spec(['k=25']), ...other }, made[0] as SprintRun)).toBe(true);
    expect(sameRecipe({ ...spec(['k=25']), ...other }, made[0] as SprintRun)).toBe(false);
    expect(sameWork({ ...spec([]), tree: 'b' }, run([]))).toBe(false);
  });

  it('is near where numbers differ by a tenth, or only the seed does', () => {
    const made = [run(['k=25', 'mode=sum'])];
    const near = (of: RunSpec) => nearRuns(of, made).length;
    expect(near(spec(['k=26', 'mode=sum']))).toBe(1);
    expect(near(spec(['k=25', 'mode=sum'], { seed: 3 }))).toBe(1);
    expect(near(spec(['k=30', 'mode=sum']))).toBe(0);
    expect(near(spec(['k=25', 'mode=mean']))).toBe(0);
    expect(near(spec(['k=25', 'mode=sum', 'tilt=0.1']))).toBe(0);
    expect(near(spec(['k=26', 'mode=sum'], { tree: 'b' }))).toBe(0);
  });
});
