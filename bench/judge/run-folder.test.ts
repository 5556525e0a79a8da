import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { checkpointOf, type RunFolder } from './run-folder.ts';

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
  expect(() => checkpointOf(run, 'evals/1.safetensors')).toThrow(/leads out of the run's folder/);
  expect(() => checkpointOf(run, 'link.safetensors')).toThrow(/no checkpoint there/);
});
