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

/** What two worlds show, by candidate and best. */
function evidence(candidate: OnSecretWorld['result'], best: OnSecretWorld['result']) {
  const store = new SecretStore(keyOf(mkdtempSync(join(tmpdir(), 'evidence-')), 'run/a'));
  for (const draw of [0, 1]) {
    store.add({ ...like, draw, world: 'w', as: 'candidate', spec: specs.candidate, result: candidate });
    store.add({ ...like, draw, world: 'w', as: 'best', spec: specs.best, result: best });
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
  const verdict = evidence(measured({ f1: 0.7 }), measured({ f1: 0.6 })).verdict('that was the last one');
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
