import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openBackend } from '#engine/backend';
import { openCl } from '#engine/opencl/library';
import { noDevice } from '#engine/opencl/testing/here';
import type { Architecture } from '../architecture.ts';
import template from '../architectures/_template.ts';
import { readCheckpoint } from './checkpoint.ts';
import { TrainerConfig } from './config.ts';
import { outOfMemory } from './memory.ts';
import { planOf, ROWS, shortRun } from './testing/short-run.ts';
import { train } from './train.ts';

const folder = mkdtempSync(join(tmpdir(), 'sae-ends-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(folder, { recursive: true }));

const normalised = TrainerConfig.parse({ lr: 0.01, normalize_activations: 'expected_average_only_in' });
const trained = (name: string, architecture: Architecture) => shortRun(folder, name, architecture);

/** The template with its losses changed from a step on. */
const spoiled = (from: number, change: (losses: Record<string, tf.Tensor>) => Record<string, tf.Tensor>) => ({
  ...template,
  trainingPass: (pass: Parameters<Architecture['trainingPass']>[0]) => {
    const result = template.trainingPass(pass);
    return pass.step < from ? result : { ...result, losses: { ...result.losses, ...change(result.losses) } };
  },
});

describe('a run that cannot continue', () => {
  it('because a term is NaN ends with term, step and the last good weights', async () => {
    const tensors = tf.memory().numTensors;
    const { result, out } = await trained(
      'nan',
      spoiled(25, ({ sparsity_loss }) => ({ sparsity_loss: tf.mul(sparsity_loss, Number.NaN) })),
    );
    expect(result).toMatchObject({ status: 'diverged', steps: 25, samples: 25 * ROWS });
    expect(result.reason).toBe(
      'sparsity_loss is NaN at step 25; the weights after 640 samples are in evals/640.safetensors',
    );
    const { W_dec } = readCheckpoint(join(out, 'evals/640.safetensors')).weights;
    expect(W_dec.data.every(Number.isFinite)).toBe(true);
    expect(existsSync(join(out, 'checkpoint.safetensors'))).toBe(false);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('because its loss explodes ends with both losses', async () => {
    const explosion = spoiled(12, ({ mse_loss }) => ({ mse_loss: tf.mul(mse_loss, 1e9) }));
    const { result } = await trained('explosion', explosion);
    expect(result.status).toBe('diverged');
    expect(result.reason).toMatch(
      /^the loss exploded to \d\.\d+e\+\d+ at step 12 \(\d.* at the first\); the weights after 320 /,
    );
  });

  it('because gradients are not finite ends before anything is saved', async () => {
    // The square root of 0 is finite, but its slope is not.
    const cliff = spoiled(3, ({ mse_loss }) => ({ cliff: tf.sqrt(tf.relu(tf.sub(tf.mul(mse_loss, 0), 0))) }));
    const { result } = await trained('cliff', cliff);
    expect(result).toMatchObject({ status: 'diverged', reason: 'the gradients are not finite at step 3' });
  });

  it.each<[string, Architecture]>([
    ['in a step', spoiled(5, () => ({ hungry: tf.scalar(new Float32Array(new ArrayBuffer(2 ** 46))[0]) }))],
    [
      'before the first',
      {
        ...template,
        init: () => {
          throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory');
        },
      },
    ],
  ])('because memory runs out %s ends as out-of-memory', async (name, architecture) => {
    const { result } = await trained(`memory ${name}`, architecture);
    expect(result.status).toBe('out-of-memory');
    expect(result.reason).toMatch(/^out of memory: /);
  });

  it('because of an error in its code throws it and writes no result', async () => {
    const mistake = spoiled(2, () => {
      throw new TypeError('losses.mse is undefined');
    });
    await expect(trained('mistake', mistake)).rejects.toThrow('losses.mse is undefined');
    expect(existsSync(join(folder, 'mistake/result.json'))).toBe(false);
  });
});

describe.skipIf(noDevice).each(['opencl'])('a run on %s whose device fails', (backend) => {
  const call = 'enqueueNDRangeKernel';
  beforeAll(async () => {
    await openBackend(backend);
  });
  afterAll(async () => {
    await openBackend('embedded');
  });

  /** Trains 25 steps, from which on a function of the driver answers with this number. */
  async function failing(code: number, functions: (keyof ReturnType<typeof openCl>)[]) {
    const library = openCl();
    const spies = functions.map((name) => vi.spyOn(library, name));
    let step = 0;
    const architecture: Architecture = {
      ...template,
      trainingPass(pass) {
        // Reading the number has each step computed by its code.
        step = pass.step;
        return template.trainingPass(pass);
      },
    };
    for (const [i, spy] of spies.entries()) {
      const own = spy.getMockImplementation() ?? originals[functions[i]];
      spy.mockImplementation(((...args: never[]) =>
        step < 25 ? (own as (...all: never[]) => number)(...args) : code) as never);
    }
    try {
      return await trained(`device ${code}`, architecture);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }
  const originals = noDevice === null ? { ...openCl() } : ({} as ReturnType<typeof openCl>);

  it.each([
    [-4, 'out-of-memory', 'out of memory: .*: the device has no memory left'],
    [-6, 'out-of-memory', 'out of memory: .*: the driver ran out of memory of this machine'],
    [-5, 'failed', '.*: the device ran out of resources: it was reset, or another program uses it'],
    [-14, 'failed', '.*: the device failed in an earlier operation: it was reset, or is lost'],
    [-36, 'failed', '.*: the device is lost: start the run again'],
  ])('(%i) ends as %s, in one line with the weights that were saved', async (code, status, reason) => {
    // A lost device answers nothing any more.
    const gone = status === 'failed' ? (['enqueueReadBuffer', 'releaseEvent', 'flush'] as const) : [];
    const { result, out } = await failing(code, [call, ...gone]);
    expect(result).toMatchObject({ status, steps: 25, samples: 25 * ROWS });
    expect(result.reason).toMatch(new RegExp(`^${reason}`));
    expect(result.reason).toMatch(/; the weights after 640 samples are in evals\/640\.safetensors$/);
    expect(result.reason).not.toContain('\n');
    expect(readCheckpoint(join(out, 'evals/640.safetensors')).weights.W_dec.data.length).toBe(128);
  });
});

it('asked to stop while the norm of x is estimated, a run ends before its first step', async () => {
  const stop = new AbortController();
  let read = 0;
  const data = {
    header: { d: 8, batchRows: ROWS },
    next() {
      // A signal during the read of a batch.
      if (++read === 3) setImmediate(() => stop.abort());
      return { x: new Float32Array(ROWS * 8).fill(1), rows: ROWS, batchIndex: read - 1 };
    },
  };
  const result = await train({ ...planOf(folder, 'norm', template), trainer: normalised }, data, stop.signal);
  expect(result).toMatchObject({ status: 'interrupted', steps: 0, samples: 0 });
  expect(read).toBeLessThan(10);
});

it.each([
  [new RangeError('Array buffer allocation failed'), true],
  [new RangeError('Invalid typed array length: -1'), false],
  [new Error('Aborted(OOM). Build with -sASSERTIONS for more info.'), true],
  [new Error('OOM when allocating tensor with shape[4096,768]'), true],
  [new Error('no ROOM left'), false],
])('%s is about memory: %s', (error, about) => {
  expect(outOfMemory(error) !== null).toBe(about);
});
