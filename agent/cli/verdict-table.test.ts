import { expect, it } from 'vitest';
import { Verdict } from '#contract/verdict';
import { exampleTask } from '../fixtures/examples.ts';
import { standing, verdictTable } from './verdict-table.ts';

const verdict = Verdict.parse({
  version: 1,
  run: 'r',
  kind: 'verified',
  profile: 'small',
  world: { name: 'w', hash: 'h', kind: 'public' },
  tree: 't',
  metrics: { f1: 0.9, uniqueness: 1, dead_latents: 0 },
  also: { inference: { f1: 0.8, uniqueness: 1, dead_latents: 1 } },
  observed: {},
  declared: {},
  evaluation: { samples: 1, batch: 1, seed: 0 },
  seconds: 1,
  at: '2026-02-18T21:40:00Z',
});
const contract = { metric: 'f1', also: ['uniqueness', 'dead_latents'] };

it('writes counts as whole numbers and shares with their digits', () => {
  const rows = verdictTable(contract, verdict)
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  expect(rows).toEqual([
    ['verified', 'inference'],
    ['f1', '0.9000', '0.8000'],
    ['uniqueness', '1.0000', '1.0000'],
    ['dead_latents', '0', '1'],
    [''],
    ['declared,', 'not', 'observed:', 'weights', 'of', 'its', 'own'],
  ]);
});

it('says below which form decides, where the task names the forms', () => {
  const forms = { deciding: 'training form (top k)', inference: 'inference form (thresholded)' };
  const told = verdictTable({ ...contract, forms }, verdict);
  expect(told.split('\n')).toContain(
    '  verified (decides): training form (top k); inference: inference form (thresholded)',
  );
});

it('says below what was observed and what was only declared', () => {
  const seen = {
    observed: { samples: 10, rows_served: 12 },
    declared: { learning_rate: 0.1 },
    from: 'other',
  };
  expect(
    verdictTable(contract, { ...verdict, ...seen })
      .trimEnd()
      .split('\n')
      .slice(-2),
  ).toEqual([
    '  observed: samples 10, distinct rows served 12',
    '  declared, not observed: learning rate 0.1, weights of other',
  ]);
});

it('leaves the standing open where the noise of the profile is not measured yet', () => {
  const task = exampleTask(({ profiles }) => {
    for (const profile of Object.values(profiles)) profile.noise = 'noise/none.json';
  });
  expect(standing(task, 'tiny', 'nowhere', verdict)).toMatch(
    /^as a candidate: not known, .*noise\/none\.json: not found.*npm run noise -- tiny$/,
  );
  expect(standing(exampleTask(), 'tiny', 'nowhere', verdict)).toMatch(/^as a candidate: invalid \(/);
});

it('ends with what the judge remarked', () => {
  const told = verdictTable(contract, { ...verdict, remarks: ['fits elsewhere', 'no form'] });
  expect(told.trim().split('\n').slice(-2)).toEqual(['  fits elsewhere', '  no form']);
});

it('says where all rows that are held out were measured', () => {
  const evaluation = { samples: 1200, all: true as const, batch: 1024 };
  const world = { ...verdict.world, kind: 'rows' as const };
  expect(verdictTable(contract, { ...verdict, world, evaluation })).toContain(
    '  measured on all 1,200 held-out rows: no verdict can have more\n',
  );
});
