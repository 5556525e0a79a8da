import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inRun } from '../../common/paths.ts';
import { lista, matryoshka, sprintsFolder } from '../fixtures/load.ts';
import { detailOf, packedDetail } from './detail.ts';
import type { Places } from './files.ts';
import type { SprintDetail } from './model.ts';
import { thinned } from './pack.ts';

let dir: string;
let places: Required<Places>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'notebook-'));
  places = { reportsDir: join(dir, 'reports'), sprintsDir: sprintsFolder, runsDir: join(dir, 'runs') };
});
afterEach(() => rmSync(dir, { recursive: true }));

const beside = { commit: null, links: [] };
const rules = { guards: { mcc: '>=best-0.01', uniqueness: '>=0.999' }, earlier: [matryoshka] };
const [run = ''] = lista.runs.map(({ id }) => id);

it('holds the record, the patch and each guard with what broke it', async () => {
  const detail = await detailOf(lista, rules, places, beside);
  expect(detail.sprint).toEqual(lista);
  expect(detail.patch?.text).toContain('diff --git');
  expect(detail.patch?.href).toMatch(/^\.\.\/.*\/change\.patch$/);
  expect(detail.guards).toEqual([
    { name: 'mcc', condition: '>=best-0.01', value: 0.763, broken: null },
    expect.objectContaining({ name: 'uniqueness', broken: '0.992 where >=0.999 is asked' }),
  ]);
});

it('leaves a patch of more than 20 KB to its file, and says how long it is', async () => {
  places = { ...places, sprintsDir: dir };
  mkdirSync(join(dir, lista.id));
  writeFileSync(join(dir, lista.id, 'change.patch'), '+'.repeat(20_001));
  expect((await detailOf(lista, rules, places, beside)).patch).toMatchObject({ text: null, bytes: 20_001 });
});

it('reads the settings that a trainer states, with no more trust than any other file of its folder', async () => {
  const { result, out } = inRun(join(places.runsDir, run));
  mkdirSync(out, { recursive: true });
  const stated = { version: 1, status: 'finished', reason: null, experiment: 'x', steps: 1, samples: 1 };
  const config = { eta: 0.3, 'name\u001b[31m': 'a\nb', inner: { tau: 2 }, widths: [4, 16] };
  writeFileSync(result, JSON.stringify({ ...stated, config, seconds: 1, declared: {}, claimed: {} }));
  const { settings, files } = await detailOf(lista, rules, places, beside);
  expect(settings[run]).toEqual({
    values: expect.objectContaining({
      ...{ eta: '0.3', name: 'a b', 'inner.tau': '2', widths: '[4,16]', experiment: 'lista', seed: '0' },
    }),
    stated: true,
  });
  expect(files[run]?.map(({ label }) => label)).toEqual(['result.json']);
  writeFileSync(result, '{"config": 3}');
  expect((await detailOf(lista, rules, places, beside)).settings[run]?.stated).toBe(false);
});

it('takes the settings of the record before those of a folder, which may be gone', async () => {
  const runs = lista.runs.map((each) => ({ ...each, config: { eta: 0.25, 'inner.tau': true } }));
  const { settings } = await detailOf({ ...lista, runs }, rules, { reportsDir: dir }, beside);
  expect(settings[run]).toMatchObject({ values: { eta: '0.25', 'inner.tau': 'true' }, stated: true });
});

it('is packed once for a record, in letters that cannot end the element that holds them', async () => {
  const sprint = { ...lista, title: '</script> ∇' };
  const first = await packedDetail(sprint, rules, places, beside);
  expect(first.pack).toMatch(/^[A-Za-z0-9+/=]+$/);
  expect(first.special).toContain('∇');
  const opened = JSON.parse(gunzipSync(Buffer.from(first.pack, 'base64')).toString()) as SprintDetail;
  expect(opened.sprint.title).toBe(sprint.title);
  expect(await packedDetail(sprint, rules, places, beside)).toBe(first);
  const committed = { ...beside, commit: { hash: 'abc', branch: 'run/x' } };
  expect(await packedDetail(sprint, rules, places, committed)).not.toBe(first);
});

it('draws at most 200 points of a curve, its ends among them', () => {
  const curve = thinned(Array.from({ length: 5001 }, (_, i) => i));
  expect(curve).toHaveLength(200);
  expect([curve[0], curve.at(-1)]).toEqual([0, 5000]);
  expect(thinned([1, 2])).toEqual([1, 2]);
});

it('keeps six digits of what a trainer logged, and all of what a judge measured', async () => {
  const third = 1 / 3;
  const runs = lista.runs.map((each) => ({
    ...each,
    curve: [{ samples: 1, values: { loss: 1000 * third, lr: third / 1e9 } }],
    evals: [{ samples: 1, evaluationSamples: 1, metrics: { f1: third } }],
  }));
  const [first] = (await detailOf({ ...lista, runs }, rules, places, beside)).sprint.runs;
  expect(first?.curve[0]?.values).toEqual({ loss: 333.333, lr: 3.33333e-10 });
  expect(first?.evals[0]?.metrics.f1).toBe(third);
});
