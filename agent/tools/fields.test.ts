import { expect, it } from 'vitest';
import { EndedFields } from '#contract/answer';
import type { SprintRun } from '#contract/sprint';
import { exampleTask } from '../fixtures/examples.ts';
import { runDetails } from '../ledger/tables.ts';
import { endedFields } from './fields.ts';

const run: SprintRun = {
  ...{ id: 'r', researcherId: 'a', experiment: 'plain', settings: {}, samples: 1000, seed: 0, tree: 't' },
  ...{ status: 'diverged', reason: 'loss is NaN: step 7', seconds: 1, samplesPerSecond: 1, backend: null },
  ...{ claimed: { loss: 0.123456 }, verdict: null, curve: [] },
  evals: [
    { samples: 500, evaluationSamples: 50, metrics: { f1: 0.1 } },
    { samples: 1000, evaluationSamples: 50, metrics: { f1: 0.71234567, mcc: 0.6, depth: 3 } },
  ],
};

it('says of a run what its words say, in the same digits', () => {
  const { contract } = exampleTask();
  const fields = endedFields(run, contract);
  expect(fields).toEqual({
    ...{ run: 'r', status: 'diverged', reason: 'loss is NaN: step 7' },
    ...{ claimed: { loss: 0.1235 }, measured: { f1: 0.7123, mcc: 0.6 } },
  });
  expect(EndedFields.parse(fields)).toEqual(fields);
  const words = runDetails(run, contract);
  for (const number of [0.1235, 0.7123, 0.6]) expect(words).toContain(String(number));
});
