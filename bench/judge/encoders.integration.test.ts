import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSafetensors } from '#contract/safetensors';
import { Question } from './ahead.ts';
import { withEncoder } from './encoders.ts';

const D = 64;
const root = mkdtempSync(join(tmpdir(), 'encoders-'));
const checkpoint = join(root, 'checkpoint.safetensors');
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The words of an encoder of that checkpoint with this lie. */
const encoder = (lie: string) => ['node', join(import.meta.dirname, 'testing/encoder.mjs'), '--lie', lie];

beforeAll(() => {
  const tensors = new Map([
    ['W_dec', { shape: [1, D], data: new Float32Array(D).fill(1) }],
    ['b_dec', { shape: [D], data: new Float32Array(D) }],
  ]);
  writeSafetensors(checkpoint, { tensors, metadata: {} });
});

it('is ready, measures, waits for the question, and then alone asks whether it may be a new best', async () => {
  const order: string[] = [];
  const note = (what: string) => {
    order.push(what);
    return 0;
  };
  const { measured } = await withEncoder(
    { argv: encoder('none'), cwd: root, checkpoint, log: join(root, 'judge.log') },
    { d: D, samples: 1024, invariance: false, remarks: () => note('remarks') > 0 },
    {
      ...{ seed: 0, stallSeconds: 120, sandbox: 'off', onReady: () => note('ready') },
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

it('lets nobody read before the question what an encoder says of its rows, nor that it failed on them', async () => {
  const log = join(root, 'told.log');
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  let isOver = false;
  let over = () => {};
  const answered = new Promise<void>((resolve) => {
    over = resolve;
  });
  const judging = withEncoder(
    { argv: encoder('tell'), cwd: root, checkpoint, log },
    { d: D, samples: 1, invariance: false },
    { ...{ seed: 0, stallSeconds: 120, sandbox: 'off' }, question: new Question(asked) },
    async (encoder) => {
      encoder.send(new Float32Array(D).fill(7), 1, 0);
      await encoder.receive(1).finally(() => over());
    },
  ).finally(() => {
    isOver = true;
  });
  const failed = expect(judging).rejects.toThrow('these rows begin with 7');
  await answered;
  // Longer than its end takes to be told.
  await sleep(300);
  expect([isOver, readFileSync(log, 'utf8')]).toEqual([false, '']);
  ask();
  await failed;
  expect(readFileSync(log, 'utf8')).toContain('these rows begin with 7');
});
