import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { load } from '../packages.ts';

/**
 * Loads one of the two packages that bind libtensorflow, which register themselves as `tensorflow`.
 * @throws Error if the package does not load, as when its installation did not download libtensorflow.
 */
export async function openTensorflow(name: string): Promise<{ usesGpu: boolean }> {
  mendUtil();
  // Its library reports on standard error how it was built; its errors stay.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    await load(name);
  } catch (error) {
    throw new Error(`${name} does not load: ${(error as Error).message.split('\n')[0].trim()}`);
  }
  await tf.setBackend('tensorflow');
  const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice?: boolean };
  return { usesGpu: isUsingGpuDevice === true };
}

/** Gives the functions of `util` that tfjs-node 4.22 calls: Node warns of them, or has removed them. */
function mendUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  old.isArray = Array.isArray;
}
