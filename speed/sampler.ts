import { availableParallelism } from 'node:os';
import { openFrames } from '#bench/sampler/frames';
import { Sampler } from '#bench/sampler/sampler';
import type { World } from '#bench/world/world';
import { type Line, ROWS, timed } from './timing.ts';
import { against, drawingCost, type Yardsticks } from './yardsticks.ts';

/** Times the fast sampler on one thread and on all, compared with the plain reference pipeline. */
export async function benchSampler(world: World, seconds: number, beside: Yardsticks): Promise<Line[]> {
  const sampler = new Sampler(world, 0, 'bench');
  const x = new Float32Array(ROWS * world.hiddenDim);
  const dense = timed(seconds, ROWS, (round) => sampler.sample(round, ROWS, x));
  const sparse = timed(seconds, ROWS, (round) => sampler.sample(round, ROWS));
  const threads = availableParallelism();
  const ahead = await timedThreads(world, seconds, threads);
  const active = sampler.sample(0, ROWS).features.length / ROWS;
  const cost = drawingCost(world, active);
  const factorsAlone = { multiplyAdds: drawingCost(world, 0).multiplyAdds };
  // The reference multiplies the factors of every feature, not only of roots and flat ones.
  const plain = { multiplyAdds: (world.copula?.rank ?? 0) * world.numFeatures + active * world.hiddenDim };
  return [
    { name: 'sampler dense', ...dense, ...against(beside, dense, cost) },
    { name: 'sampler dense, all threads', threads, ...ahead, ...against(beside, ahead, cost) },
    { name: 'sampler sparse', ...sparse, ...against(beside, sparse, factorsAlone) },
    {
      name: 'reference pipeline',
      ...beside.reference,
      ...against(beside, beside.reference, { ...cost, ...plain }),
    },
  ];
}

/** Times the sampler as the data service uses it: threads draw ahead, their batches are taken in order. */
export async function timedThreads(world: World, seconds: number, threads: number) {
  const frames = await openFrames(
    { world, seed: 0, from: 0, rows: Number.POSITIVE_INFINITY, batch: ROWS },
    threads,
  );
  try {
    return timed(seconds, ROWS, () => frames.next());
  } finally {
    frames.stop();
  }
}
