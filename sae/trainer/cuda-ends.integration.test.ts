import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { noStandIn, standIn } from '#engine/cuda/testing/stand-in';
import type { Architecture } from '../architecture.ts';
import template from '../architectures/_template.ts';
import { readCheckpoint } from './checkpoint.ts';
import { ROWS, shortRun } from './testing/short-run.ts';

/** PoCL builds the kernels at their first use. */
const MOST_MS = 240_000;

describe.skipIf(noStandIn)('a run on cuda whose device fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sae-cuda-ends-'));
  beforeAll(() => {
    standIn();
  });
  afterEach(() => {
    standIn().fail(0);
    standIn().limit(0);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await openBackend('embedded');
  });

  /** Trains, on a device of its own, 25 steps before something happens to it. */
  async function failing(name: string, happens: () => void) {
    const architecture: Architecture = {
      ...template,
      trainingPass(pass) {
        // Reading the number has each step computed by its code.
        if (pass.step === 25) happens();
        return template.trainingPass(pass);
      },
    };
    await openBackend('opencl');
    await openBackend('cuda');
    return shortRun(folder, name, architecture);
  }

  it.each([
    [2, 'out-of-memory', 'out of memory: .*: the device has no memory left: take a smaller batch'],
    [4, 'failed', '.*: the driver is shutting down'],
    [46, 'failed', '.*: another program has the device for itself'],
    [214, 'failed', '.*: the memory of the device has an error that could not be corrected'],
    [700, 'failed', '.*: the device read or wrote memory that is not its own, and is lost'],
    [702, 'failed', '.*: a kernel took longer than this device allows'],
    [709, 'failed', '.*: the context of the device is gone: it was reset; start the run again'],
    [719, 'failed', '.*: the device failed in an earlier operation, and is lost: start the run again'],
    [999, 'failed', '.*: the driver does not say why: the device may be lost'],
  ])(
    '(%i) ends as %s, in one line with the weights that were saved',
    async (code, status, reason) => {
      const { result, out } = await failing(`device ${code}`, () => standIn().fail(code));
      expect(result.status).toBe(status);
      // The error comes with a wait, and the process is a few steps ahead then.
      expect(result.samples / ROWS).toBeGreaterThanOrEqual(25);
      expect(result.samples / ROWS).toBeLessThanOrEqual(30);
      expect(result.reason).toMatch(new RegExp(`^${reason}.*\\(CUDA error ${code}\\)`));
      expect(result.reason).toMatch(/; the weights after 640 samples are in evals\/640\.safetensors$/);
      expect(result.reason).not.toContain('\n');
      expect(readCheckpoint(join(out, 'evals/640.safetensors')).weights.W_dec.data.length).toBe(128);
    },
    MOST_MS,
  );

  it(
    'ends as out-of-memory where it has none left',
    async () => {
      const { result } = await failing('full', () => {
        standIn().limit(1);
        tf.square(tf.tensor1d(new Float32Array(2 ** 20)));
      });
      expect(result).toMatchObject({ status: 'out-of-memory', samples: 25 * ROWS });
      expect(result.reason).toMatch(
        /^out of memory: stand-in for a card has no memory left for 4 MB .*; the weights after 640 samples/,
      );
    },
    MOST_MS,
  );

  it(
    'throws an error of code, which the driver refuses: it is no failure of the device',
    async () => {
      const error = failing('wrong', () => standIn().fail(1));
      await expect(error).rejects.toThrow(/an argument is wrong \(CUDA error 1\)/);
    },
    MOST_MS,
  );
});
