import { expect, it } from 'vitest';
import type { Checked, Confirmed } from '#contract/confirmed';
import type { Sprint } from '#contract/sprint';
import { exampleSprint, exampleVerdict } from '../fixtures/examples.ts';
import { run } from '../fixtures/staged.ts';
import { cellsOf, columnsOf, runRow, sprintRow } from './rows.ts';

const made = run('a', 1000, 0.4, {
  settings: { k: '3', name: 'x' },
  claimed: { loss: 0.1 },
  backend: 'cpu',
  rowsServed: 2000,
  verdict: exampleVerdict({
    also: { inference: { f1: 0.45 } },
    observed: { samples: 1000, rows_served: 1990 },
    declared: { learning_rate: 0.1 },
  }),
});
const sprint = exampleSprint({ candidate: made.id, runs: [made], verdict: made.verdict });

it('a run says of each number whose word it is', () => {
  expect(runRow({ run: made, profile: 'tiny', sprint, time: null })).toMatchObject({
    ...{ run: made.id, sprint: sprint.id, candidate: true, set: 'k=3 name=x', set_k: 3, set_name: 'x' },
    ...{ claimed_loss: 0.1, claimed_backend: 'cpu', measured_f1: 0.4, times_best: null },
    ...{ verdict: 'verified', verified_f1: 0.5, verified_inference_f1: 0.45 },
    ...{ observed_samples: 1000, observed_distinct_rows_served: 2000 },
    ...{ declared_learning_rate: 0.1, declared_start: 'own weights' },
  });
});

it('the candidate has the verdict of its sprint, and says with whose weights it began', () => {
  const confirmed = exampleVerdict({ kind: 'confirmed', metrics: { f1: 0.3 } });
  const row = runRow({
    run: { ...made, from: 'other' },
    profile: 'tiny',
    sprint: { ...sprint, verdict: confirmed },
    time: { seconds: 2, best: 1, times: 2 },
  });
  expect(row).toMatchObject({ confirmed_f1: 0.3, declared_start: 'other', times_best: 2 });
  expect(row).not.toHaveProperty('verified_f1');
  // What the trainer declared stands also where nothing was judged.
  const unjudged = { ...made, verdict: null, declared: { learning_rate: 0.2 } };
  expect(runRow({ run: unjudged, profile: 'tiny', sprint: null, time: null })).toMatchObject({
    ...{ verdict: null, declared_learning_rate: 0.2, observed_distinct_rows_served: 2000 },
  });
});

it('a sprint has what decided it, and what it cost', () => {
  const bestBefore = { sprint: 'earlier', run: 'r', metrics: { f1: 0.2 } };
  expect(sprintRow({ ...sprint, bestBefore }, [])).toMatchObject({
    ...{ number: 1, outcome: 'new-best', best_before: 'earlier', best_before_f1: 0.2, predicted_f1: 0.5 },
    ...{ verified_f1: 0.5, claimed_loss: 0.1, observed_distinct_rows_served: 1990, usd: 0, runs: 1 },
  });
  expect(sprintRow({ ...sprint, verdict: null, candidate: null }, [])).toMatchObject({ verdict: null });
});

it('a sprint has what secret worlds gave of its candidate', () => {
  const several = { n: 2, mean: { f1: 0.5 }, deviation: { f1: 0.01 } };
  const confirmed: Confirmed = {
    ...{ key: 'k', nth: 1, samples: 1000, rows: 100, result: 'confirmed', reason: 'why', seconds: 1 },
    ...{ candidate: several, best: { sprint: 's', run: 'r', ...several, mean: { f1: 0.4 } } },
    gain: { mean: 0.1, error: 0.01, needed: 0.05 },
    pairs: [0, 1].map((draw) => ({ draw, world: 'w', candidate: { f1: 0.5 }, best: { f1: 0.4 } })),
  };
  expect(sprintRow({ ...sprint, confirmed }, [])).toMatchObject({
    ...{ confirmed_result: 'confirmed', confirmed_n: 2, confirmed_f1: 0.5, confirmed_deviation_f1: 0.01 },
    ...{ confirmed_best_f1: 0.4, confirmed_gain_mean: 0.1, confirmed_gain_needed: 0.05 },
    confirmed_measured_again: 'not measured again',
  });
  const checked = { holds: true } as Checked;
  const column = (more: Partial<Sprint>) =>
    sprintRow({ ...sprint, confirmed, ...more }, []).confirmed_measured_again;
  expect(column({ checked })).toBe('holds');
  expect(column({ checked: { ...checked, holds: false }, outcome: 'held' })).toBe('does not hold');
  expect(column({ outcome: 'no-gain' })).toBeUndefined();
});

it('columns of one word stand beside each other, whichever row has them', () => {
  const rows = [
    { run: 'a', verified_f1: 1, declared_x: 1 },
    { run: 'b', best_before: 's', claimed_loss: 1, verified_mcc: 1 },
  ];
  expect(columnsOf(rows)).toEqual([
    ...['run', 'best_before', 'claimed_loss', 'verified_f1', 'verified_mcc', 'declared_x'],
  ]);
  expect(cellsOf(rows)[1]).toEqual(['a', undefined, undefined, 1, undefined, 1]);
});

it('a verdict with remarks has them in one cell', () => {
  const verdict = { ...exampleVerdict(), remarks: ['fits elsewhere', 'no form'] };
  expect(sprintRow({ ...sprint, verdict }, []).remarks).toBe('fits elsewhere; no form');
  expect(sprintRow({ ...sprint, verdict: exampleVerdict() }, [])).not.toHaveProperty('remarks');
});
