import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTask } from '#contract/task';
import { exampleTask, exampleVerdict } from '../fixtures/examples.ts';
import { run } from '../fixtures/staged.ts';
import type { KnownRun } from '../ledger/rows.ts';
import { differences, incomparable, judged, noiseByNumber, sideBySide } from './beside.ts';
import { overlay } from './overlay.ts';

const known = (more: object = {}, profile = 'tiny'): KnownRun => ({
  ...{ run: run('tree', 1000, 0.4, { backend: 'cpu', ...more }), profile, sprint: null, time: null },
});

it('tells the settings that differ: those that the trainers recorded, else what was set', () => {
  const a = known({ settings: { k: '3' }, config: { k: 3, lr: 0.1, part: null } });
  const b = known({ seed: 1, from: 'x', settings: {}, config: { k: 4, lr: 0.1, wide: true } });
  expect(differences([a, b])).toEqual([
    { name: 'seed', values: [0, 1] },
    { name: 'starting weights', values: ['its own', 'x'] },
    { name: 'k', values: [3, 4] },
    { name: 'part', values: [null, undefined] },
    { name: 'wide', values: [undefined, true] },
  ]);
  expect(differences([a, known({ config: {} })])).toEqual([{ name: 'k', values: ['3', undefined] }]);
  expect(differences([a, a])).toEqual([]);
});

it('sets verdicts side by side, and the last snapshot of a run without one', () => {
  const verdict = exampleVerdict({ also: { inference: { f1: 0.45 } } });
  const columns = [known({ verdict }), known(), known({ evals: [] })].map(judged);
  expect(columns.map(({ from }) => from)).toEqual(['verified', 'measured at 1000 samples', 'not judged']);
  expect(sideBySide(columns, { metric: 'f1', also: ['mcc', 'l0'] })).toEqual([
    { name: 'f1', values: [0.5, 0.4, undefined] },
    { name: 'mcc', values: [0.6, undefined, undefined] },
    { name: 'inference_f1', values: [0.45, undefined, undefined] },
  ]);
  // A candidate has the verdict of its sprint.
  const confirmed = exampleVerdict({ kind: 'confirmed', metrics: { f1: 0.3 } });
  const candidate = known({ verdict, id: 'c' });
  const inSprint = { ...candidate, sprint: { id: 's', candidate: 'c', verdict: confirmed } };
  expect(judged(inSprint)).toEqual({ from: 'confirmed', numbers: { f1: 0.3 } });
  expect(incomparable([inSprint, candidate])).toContain('secret world');
});

it('never compares numbers of different profiles', () => {
  expect(incomparable([known(), known({}, 'large')])).toBe(
    'numbers of different profiles are not compared (tiny, large)',
  );
  expect(incomparable([known(), known()])).toBeNull();
});

describe('the noise of each number', () => {
  it('is that of the budget, from the file', () => {
    const task = readTask(join(dirname(fileURLToPath(import.meta.url)), '../../TASK.md'));
    const { screen, full } = task.contract.profiles.small?.budgets ?? { screen: 0, full: 0 };
    const long = noiseByNumber(task, 'small', full);
    expect(long.budget).toBe('full');
    expect(Object.keys(long.of)).toEqual(expect.arrayContaining(['f1', 'mcc', 'l0']));
    expect(noiseByNumber(task, 'small', screen + 1)).toEqual(noiseByNumber(task, 'small', screen));
  });

  it('is known of the metric alone where TASK.md states a number', () => {
    expect(noiseByNumber(exampleTask(), 'tiny', 500)).toEqual({ budget: 'rank', of: { f1: 0.01 } });
  });
});

it('draws the curves of several runs in one picture, with a line for each in the legend', async () => {
  const curve = [100, 1000].map((samples) => ({ samples, values: { loss: 1 / samples } }));
  const runs = [run('a', 1000, 0.4, { curve }), run('b', 1000, 0.5, { curve })];
  const names = new Map(runs.map(({ id }, at) => [id, `run ${at} & more`]));
  const svg = await overlay(runs, names, 'f1', ['loss']);
  const axes = ['>Loss (log scale)<', '>F1<', '>measured on snapshots<'];
  for (const part of ['run 0 &amp; more', 'run 1 &amp; more', ...axes]) expect(svg).toContain(part);
  expect(await overlay([run('a', 1, 0.5, { evals: [] })], new Map(), 'f1', [])).toBeNull();
});
