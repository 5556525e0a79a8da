import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { appendEval, checkpointOf, type RunFolder } from './run-folder.ts';

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
  expect(checkpointOf(run)).toBe(join(folder, 'run/out/checkpoint.safetensors'));
  expect(() => checkpointOf(run, 'evals/1.safetensors')).toThrow(/a link leads out of the run's folder/);
  expect(() => checkpointOf(run, 'link.safetensors')).toThrow(/there is no checkpoint/);
  // A link may name the run. The sandbox hides the link's folder but has the run's own.
  symlinkSync('run', join(folder, 'by-its-name'));
  expect(checkpointOf({ ...run, dir: join(folder, 'by-its-name') })).toBe(checkpointOf(run));
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
