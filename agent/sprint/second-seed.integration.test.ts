import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Sprint } from '#contract/sprint';
import { sprintsDir } from '../common/paths.ts';
import { loopIn, tinyRepository } from '../fixtures/loop.ts';
import { git } from '../fixtures/repo.ts';
import { sprintTo } from '../fixtures/scripted.ts';
import { readSprints } from '../ledger/ledger.ts';
import { secondSeedOf } from './second-seed.ts';

/** The noise is 0.01. On seed 1 whatever is above 0.607 has 0.02 more, and 0.615 diverges. */
const night = [
  sprintTo('base', 0.6),
  sprintTo('plainly', 0.55),
  sprintTo('small', 0.606),
  sprintTo('falls', 0.615),
  sprintTo('unlucky', 0.608),
  sprintTo('clear', 0.7),
];
let sprints: Sprint[];
beforeAll(async () => {
  const repo = tinyRepository(night);
  const judge = join(repo, 'judge.mjs');
  const text = readFileSync(judge, 'utf8').replace(
    'return { f1, mcc };',
    'return { f1: f1 + (run.seed === 1 && f1 > 0.607 ? 0.02 : 0), mcc };',
  );
  writeFileSync(judge, text);
  const trainer = join(repo, 'work/train.mjs');
  const trained = readFileSync(trainer, 'utf8').replace(
    "const diverged = experiment === 'diverges';",
    "const diverged = numbers.f1 === 0.615 && option('seed') === '1';",
  );
  writeFileSync(trainer, trained);
  git(repo, 'commit', '-qam', 'A judge and a trainer by seeds');
  await loopIn(repo);
  sprints = readSprints(sprintsDir(repo));
});
const runsOf = (slug: string) =>
  sprints.find((s) => s.id.endsWith(slug))?.runs.map(({ seed, role }) => [seed, role]);
const sprintOf = (slug: string) => sprints.find((s) => s.id.endsWith(slug)) as Sprint;

describe('a verdict near the noise', () => {
  it('is called by the mean of two seeds, and the others at once', () => {
    expect(sprints.map((s) => [s.outcome, s.repeat?.seed])).toEqual([
      ['new-best', undefined],
      ['no-gain', undefined],
      ['no-gain', 1],
      ['no-gain', undefined],
      ['new-best', 1],
      ['new-best', undefined],
    ]);
    expect(sprintOf('small').reason).toBe(
      "f1 0.606 against the best's 0.6: within the noise of 0.01, near the noise on seed 0; in the mean with seed 1, f1 0.606 against the best's 0.6: within the noise of 0.0071",
    );
    // Alone it would have been a gain.
    expect(sprintOf('falls').reason).toBe(
      "f1 0.615 against the best's 0.6: a gain of 0.015, near the noise; repeated on a second seed, it came to no result (seed 1: diverged: loss is NaN)",
    );
    expect(sprintOf('unlucky')).toMatchObject({
      reason: expect.stringMatching(/in the mean with seed 1, f1 0\.618 against .* 0\.6: a gain of 0\.018$/),
      verdict: { metrics: { f1: 0.608 } },
      repeat: { verdict: { metrics: { f1: 0.628 } }, best: { verdict: { metrics: { f1: 0.6 } } } },
      change: { kept: true },
    });
  });

  it('trains the best on that seed once, and the candidate each time', () => {
    expect(runsOf('-plainly')).toEqual([[0, undefined]]);
    expect(runsOf('-small')).toEqual([
      [0, undefined],
      [1, 'repeat'],
      [1, 'incumbent'],
    ]);
    expect(runsOf('-unlucky')).toEqual([
      [0, undefined],
      [1, 'repeat'],
    ]);
    expect(sprintOf('unlucky').repeat?.best.run).toBe(sprintOf('small').repeat?.best.run);
  });
});

it('takes a seed on which most is trained already, else a new one', () => {
  const spec = (seed: number) => ({ experiment: 'a', settings: {}, samples: 1, tree: 't', seed });
  const of = (ofCandidate: number[], ofBest: number[]) =>
    secondSeedOf(spec(0), spec(2), { ofCandidate: ofCandidate.map(spec), ofBest: ofBest.map(spec) });
  expect(of([0], [2])).toBe(3);
  expect(of([0, 5], [2])).toBe(5);
  expect(of([0, 5], [2, 4])).toBe(4);
  expect(of([0, 5, 7], [2, 4, 7])).toBe(7);
});
