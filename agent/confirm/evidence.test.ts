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
    store.add({ ...like, draw, world: 'w', spec: specs.candidate, result: candidate });
    store.add({ ...like, draw, world: 'w', spec: specs.best, result: best });
  }
  return new Evidence({
    ...{ store, best: exampleSprint(), specs, like, order: [0, 1] },
    rule: { deviation: 0.01, df: 15, looks: [2], nth: 1 },
    rules: {
      ...{ metric: 'f1', goal: 'max', gains: [], guards: {}, tooGood: {}, constraints: {} },
      ...{ noise: 0.01, ceiling: null, bests: [] },
    },
  });
}

it('fails a candidate whose verdict has no value for the metric, by words that a record can hold', () => {
  const verdict = evidence(measured({ mcc: 0.5 }), measured({ f1: 0.6 })).verdict(null);
  expect(verdict).toMatchObject({ result: 'failed', reason: 'on a secret world it has no f1', pairs: [] });
});

it.each([
  ['comes to no result', { failed: 'diverged' }],
  ['has no value for the metric', measured({ mcc: 0.5 })],
])('decides nothing where the best %s', (_, best) => {
  const known = evidence(measured({ f1: 0.7 }), best);
  expect([known.lacks(2), known.verdict(null), known.verdict('that was the last one')]).toEqual([
    [],
    null,
    null,
  ]);
});
