import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openBackend } from '#engine/backend';
import { noStandIn, standIn } from '#engine/cuda/testing/stand-in';
import { deviceCounts } from '#engine/device-counts';
import { trained, type Watch } from './testing/trained.ts';

/** PoCL builds the kernels at their first use, which takes a minute on a machine that others use too. */
const MOST_MS = 240_000;
/** Some are computed by their code, most are replayed. */
const count = 12;

/** What training came to, and the launches of its last step. */
async function steps(name: string, backend: string, watch: Watch = {}) {
  const launches: number[] = [];
  const before = () => launches.push(deviceCounts()?.launches ?? Number.NaN);
  const { result, numbers, sinceFired, counts } = await trained(name, backend, { ...watch, count, before });
  return { bits: { result, numbers, sinceFired, counts }, launched: launches[count] - launches[count - 1] };
}

describe.skipIf(noStandIn)('steps by the CUDA driver', () => {
  beforeAll(() => {
    standIn();
  });
  afterAll(async () => {
    await openBackend('embedded');
  });

  it.each<[string, Watch]>([
    ['baseline_batchtopk', {}],
    ['default', {}],
    // With dead latents in sight.
    ['default', { window: 4 }],
    ['topk', { set: ['initial_k=8', 'transition_k_duration_steps=12'] }],
    ['gated', {}],
    ['jumprelu', {}],
  ])(
    'have the same bits as by OpenCL, and are one launch once they are replayed (%s, %o)',
    async (name, watch) => {
      const { hasty } = standIn();
      const reference = await steps(name, 'opencl', watch);
      const own = await steps(name, 'cuda', watch);
      expect(own.bits).toEqual(reference.bits);
      hasty(1);
      expect((await steps(name, 'cuda', watch)).bits).toEqual(reference.bits);
      hasty(0);
      expect(reference.bits.counts?.replayed).toBeGreaterThan(0);
      expect([own.launched, reference.launched > 20]).toEqual([1, true]);
    },
    MOST_MS,
  );

  it(
    'have the same bits as by OpenCL where they encode in TF32, and others than in float32',
    async () => {
      const exact = await steps('baseline_batchtopk', 'opencl');
      vi.stubEnv('ENGINE_ENCODE', 'tf32');
      const reference = await steps('baseline_batchtopk', 'opencl');
      const own = await steps('baseline_batchtopk', 'cuda');
      vi.unstubAllEnvs();
      expect(own.bits).toEqual(reference.bits);
      expect(own.launched).toBe(1);
      expect(own.bits.numbers).not.toEqual(exact.bits.numbers);
      const [ours, theirs] = [own, exact].map(({ bits }) => bits.numbers.W_dec as number[]);
      expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i])))).toBeLessThan(0.05);
    },
    MOST_MS,
  );
});
