import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { openUntrusted } from '#host/untrusted';
import { appendEval, checkedFile, type RunFolder, rounded, unmeasuredSnapshots } from './run-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'run-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('takes a checkpoint of the run, and nothing that a link leads to', () => {
  const weights = { tensors: new Map([['W', { shape: [1], data: Float32Array.of(1) }]]), metadata: {} };
  for (const name of ['run/out', 'elsewhere']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['run/out/checkpoint.safetensors', 'elsewhere/1.safetensors'])
    writeSafetensors(join(folder, name), weights);
  symlinkSync('../../elsewhere', join(folder, 'run/out/evals'));
  symlinkSync('../../elsewhere/1.safetensors', join(folder, 'run/out/link.safetensors'));
  const run = { dir: join(folder, 'run') } as RunFolder;
  expect(checkedFile(run).path).toBe(join(folder, 'run/out/checkpoint.safetensors'));
  expect(() => checkedFile(run, 'evals/1.safetensors')).toThrow(/a link leads out of the run's folder/);
  expect(() => checkedFile(run, 'link.safetensors')).toThrow(/there is no checkpoint/);
  // A link may name the run. The sandbox hides the link's folder but has the run's own.
  symlinkSync('run', join(folder, 'by-its-name'));
  expect(checkedFile({ ...run, dir: join(folder, 'by-its-name') })).toEqual(checkedFile(run));
});

it('takes no file that a link led to only while it was opened', () => {
  const weights = { tensors: new Map([['W', { shape: [1], data: Float32Array.of(1) }]]), metadata: {} };
  const dir = mkdtempSync(join(folder, 'turns-'));
  const evals = join(dir, 'out/evals');
  for (const place of [evals, join(dir, 'truth')]) {
    mkdirSync(place, { recursive: true });
    writeSafetensors(join(place, '1.safetensors'), weights);
  }
  const open = (path: string) => {
    renameSync(evals, `${evals}-away`);
    symlinkSync('../truth', evals);
    const opened = openUntrusted(path);
    rmSync(evals);
    renameSync(`${evals}-away`, evals);
    return opened;
  };
  const run = { dir } as RunFolder;
  const name = 'evals/1.safetensors';
  expect(checkedFile(run, name).path).toBe(join(dir, 'out', name));
  expect(() => checkedFile(run, name, open)).toThrow(/a link leads out of the run's folder/);
});

it('ends a line of evals.jsonl that a crash cut short before the next one', () => {
  const dir = mkdtempSync(join(folder, 'cut-'));
  const run = { dir } as RunFolder;
  const point = { samples: 2048, evaluationSamples: 1, metrics: { f1: 0.5 } };
  const line = `${JSON.stringify(point)}\n`;
  appendEval(run, point);
  appendEval(run, point);
  expect(readFileSync(join(dir, 'evals.jsonl'), 'utf8')).toBe(line + line);
  writeFileSync(join(dir, 'evals.jsonl'), `${line}{"samples":`);
  appendEval(run, point);
  expect(readFileSync(join(dir, 'evals.jsonl'), 'utf8')).toBe(`${line}{"samples":\n${line}`);
});

it('has one snapshot for each sixth of a run measured, where a trainer takes it, however many there are', () => {
  const dir = mkdtempSync(join(folder, 'snapshots-'));
  mkdirSync(join(dir, 'out/evals'), { recursive: true });
  const run = { dir, run: { samples: 2_048_000 } } as RunFolder;
  const next = () => unmeasuredSnapshots(run, 1024).map(({ samples }) => samples);
  const take = (...samples: number[]) => {
    for (const at of samples) writeFileSync(join(dir, `out/evals/${at}.safetensors`), '');
  };
  expect(next()).toEqual([]);
  const sixths = [342_016, 683_008, 1_024_000, 1_366_016, 1_707_008, 2_048_000];
  // A trainer of ours takes these. Others, and one more within the same batch, are no snapshots.
  take(...sixths, 1024, 341_333, 342_100, 343_040, 900_000, 2_050_000);
  expect(next()).toEqual(sixths);
  for (const samples of sixths.slice(0, 5)) appendEval(run, { samples, evaluationSamples: 1, metrics: {} });
  expect(next()).toEqual([2_048_000]);
  // A run of few batches passes several sixths in one.
  const short = { dir: mkdtempSync(join(folder, 'short-')), run: { samples: 5000 } } as RunFolder;
  mkdirSync(join(short.dir, 'out/evals'), { recursive: true });
  for (const at of [1024, 2048, 3072, 4096, 5000])
    writeFileSync(join(short.dir, `out/evals/${at}.safetensors`), '');
  expect(unmeasuredSnapshots(short, 1024).map(({ samples }) => samples)).toEqual([
    1024, 2048, 3072, 4096, 5000,
  ]);
});

it('rounds the numbers of a snapshot to three digits after the point', () => {
  expect(rounded({ f1: 0.87654, l0: 25.12345, dead_latents: 7 })).toEqual({
    ...{ f1: 0.877, l0: 25.123, dead_latents: 7 },
  });
});

it('finds no snapshots where the trainer has put something else in the place of their folder', () => {
  const dir = mkdtempSync(join(folder, 'none-'));
  const run = { dir, run: { samples: 6000, batch: 1000 } } as RunFolder;
  expect(unmeasuredSnapshots(run, 1024)).toEqual([]);
  mkdirSync(join(dir, 'out'));
  writeFileSync(join(dir, 'out/evals'), '');
  expect(unmeasuredSnapshots(run, 1024)).toEqual([]);
});
