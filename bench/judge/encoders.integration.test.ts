import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { Question } from './ahead.ts';
import { withEncoder } from './encoders.ts';

const D = 64;
const root = mkdtempSync(join(tmpdir(), 'encoders-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('is ready, measures, waits for the question, and then alone asks whether it may be a new best', async () => {
  const checkpoint = join(root, 'checkpoint.safetensors');
  const tensors = new Map([
    ['W_dec', { shape: [1, D], data: new Float32Array(D).fill(1) }],
    ['b_dec', { shape: [D], data: new Float32Array(D) }],
  ]);
  writeSafetensors(checkpoint, { tensors, metadata: {} });
  const argv = ['node', join(import.meta.dirname, 'testing/encoder.mjs'), '--lie', 'none'];
  const order: string[] = [];
  const note = (what: string) => {
    order.push(what);
    return 0;
  };
  const { measured } = await withEncoder(
    { argv, cwd: root, checkpoint, log: join(root, 'judge.log') },
    { d: D, samples: 1024, invariance: false, remarks: () => note('remarks') > 0 },
    {
      ...{ seed: 0, stallSeconds: 30, sandbox: 'off', onReady: () => note('ready') },
      question: new Question(Promise.resolve(), () => note('question')),
    },
    async (encoder) => {
      await encoder.finish();
      return note('measured');
    },
  );
  expect(measured).toBe(0);
  expect(order).toEqual(['ready', 'measured', 'question', 'question', 'remarks']);
});
