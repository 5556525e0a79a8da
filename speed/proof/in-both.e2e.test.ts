import { expect, it } from 'vitest';
import { noDevice } from '#engine/opencl/testing/here';
import { runPart } from './child.ts';

// PoCL builds the kernels for each of the six processes anew, since the sandbox has no cache of it.
it.skipIf(noDevice)('trains and judges with tensor cores that are emulated, and without them', async () => {
  const asked = { kind: 'tf32', backend: 'opencl', size: 'small', seed: 0 } as const;
  const outcome = await runPart(asked, { seconds: 600 });
  expect(outcome).toMatchObject({ answer: { profile: 'small', samples: 20_480, seed: 0 } });
  const { fp32, tf32 } = (outcome as { answer: Record<'fp32' | 'tf32', Record<string, number>> }).answer;
  // Other bits, and nearly the same numbers: twenty steps are too few to part.
  expect(tf32.f1).not.toBe(fp32.f1);
  expect(Math.abs(tf32.f1 - fp32.f1)).toBeLessThan(0.02);
});
