import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunSpec } from '#contract/run';
import { exampleSprint } from '../fixtures/examples.ts';
import { Evidence } from './evidence.ts';
import { keyOf } from './key.ts';
import { type OnSecretWorld, SecretStore } from './store.ts';

const spec = (tree: string): RunSpec => ({
  ...{ experiment: 'plain', settings: {}, samples: 100, seed: 0, tree: tree.repeat(40) },
});
const specs = { candidate: spec('a'), best: spec('b') };
const like = { leaderboard: 'tiny-1', rows: 10 };
const measured = (metrics: Record<string, number>) => ({ metrics, observed: {}, declared: {} });

/**
 * What two worlds show, by candidate and best. `second`: by the best in a second run on each; null: there was
 * none.
 */
function evidence(
  candidate: OnSecretWorld['result'],
  best: OnSecretWorld['result'],
  second: OnSecretWorld['result'] | null = null,
) {
  const store = new SecretStore(keyOf(mkdtempSync(join(tmpdir(), 'evidence-')), 'run/a'));
  for (const draw of [0, 1]) {
    store.add({ ...like, draw, world: 'w', as: 'candidate', spec: specs.candidate, result: candidate });
    const line = { ...like, draw, world: 'w', as: 'best' as const, spec: specs.best };
    store.add({ ...line, result: best });
    if (second) store.add({ ...line, result: second, again: 'r' });
  }
  return new Evidence({
    ...{ store, best: exampleSprint(), run: 'r', specs, like, order: [0, 1] },
    rule: { deviation: 0.01, df: 15, looks: [2], nth: 1 },
    rules: {
      ...{ metric: 'f1', goal: 'max', gains: [], guards: {}, tooGood: {}, constraints: {} },
      ...{ noise: 0.01, ceiling: null, bests: [] },
    },
  });
}

it('fails a candidate whose verdict has no value for the metric, by words that a record can hold', () => {
  const verdict = evidence(measured({ mcc: 0.5 }), measured({ f1: 0.6 })).verdict(null);
  expect(verdict?.confirmed).toMatchObject({ result: 'failed', reason: 'on a secret world it has no f1' });
});

it.each([
  ['comes to no result', { failed: 'diverged' }],
  ['has no value for the metric', measured({ mcc: 0.5 })],
])('holds a gain over a best that %s', (_, best) => {
  const verdict = evidence(measured({ f1: 0.7 }), best).verdict(null);
  expect(verdict?.confirmed).toMatchObject({
    result: 'held',
    reason:
      'the best came to no result (no f1) on a secret world on which the candidate did, so nothing can be said',
  });
});

it('keeps the numbers of each world out of the record', () => {
  const best = measured({ f1: 0.6 });
  const verdict = evidence(measured({ f1: 0.7 }), best, best).verdict('that was the last one');
  expect(verdict?.confirmed).toMatchObject({ candidate: { n: 2 }, pairs: [] });
  expect(verdict?.pairs.map(({ draw, kept }) => [draw, kept])).toEqual([
    [0, false],
    [1, false],
  ]);
});

it('trains the best again where it was measured as a candidate, once for each candidate', () => {
  const store = new SecretStore(keyOf(mkdtempSync(join(tmpdir(), 'evidence-')), 'run/a'));
  const line = { ...like, world: 'w', spec: specs.best, result: measured({ f1: 0.6 }) };
  store.add({ ...line, draw: 0, as: 'candidate' });
  store.add({ ...line, draw: 1, as: 'best' });
  store.add({ ...line, draw: 0, as: 'best', again: 'earlier' });
  const of = (run: string) =>
    new Evidence({
      ...{ store, best: exampleSprint(), run, specs, like, order: [2, 0, 3] },
      rule: { deviation: 0.01, df: 15, looks: [3], nth: 1 },
      rules: {
        ...{ metric: 'f1', goal: 'max', gains: [], guards: {}, tooGood: {}, constraints: {} },
        ...{ noise: 0.01, ceiling: null, bests: [] },
      },
    });
  const again = (run: string) =>
    of(run)
      .lacks(3)
      .filter((job) => job.again !== undefined);
  expect(again('now')).toEqual([{ who: 'best', draw: 0, again: 'now' }]);
  expect(again('earlier')).toEqual([]);
});

it('confirms a candidate only where the best was trained twice on the worlds that are new to it', () => {
  const [candidate, best] = [measured({ f1: 0.7 }), measured({ f1: 0.6 })];
  const once = evidence(candidate, best);
  expect(once.verdict(null)).toBeNull();
  expect(once.lacks(2)).toEqual([0, 1].map((draw) => ({ who: 'best', draw, again: 'r' })));
  expect(once.verdict('no time')?.confirmed.result).toBe('small');
  // Where it would not be confirmed, they are not made.
  expect(evidence(measured({ f1: 0.601 }), best).lacks(2)).toEqual([]);
  const twice = evidence(candidate, best, best);
  expect(twice.lacks(2)).toEqual([]);
  expect(twice.verdict(null)?.confirmed).toMatchObject({ result: 'confirmed', again: { n: 2, loss: 0 } });
});

it('counts the better of two runs of the best, and what it lost in the first', () => {
  const lost = evidence(measured({ f1: 0.7 }), measured({ f1: 0.6 }), measured({ f1: 0.69 }));
  expect(lost.verdict('no time')?.confirmed).toMatchObject({
    ...{ best: { mean: { f1: 0.69 } }, again: { n: 2, loss: 0.09 } },
    result: expect.not.stringMatching(/^confirmed$/),
  });
  const worse = evidence(measured({ f1: 0.7 }), measured({ f1: 0.6 }), measured({ f1: 0.5 }));
  expect(worse.verdict(null)?.confirmed).toMatchObject({
    best: { mean: { f1: 0.6 } },
    again: { loss: -0.1 },
  });
  expect(
    evidence(measured({ f1: 0.7 }), measured({ f1: 0.6 }), { failed: 'diverged' }).verdict(null),
  ).toMatchObject({
    confirmed: { result: 'held' },
  });
});
