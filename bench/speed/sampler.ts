import { availableParallelism } from 'node:os';
import { Random } from '../random.ts';
import { openFrames } from '../sampler/frames.ts';
import { planOf } from '../sampler/plan.ts';
import { hiddenOf, referenceSample } from '../sampler/reference.ts';
import { Sampler } from '../sampler/sampler.ts';
import type { World } from '../world/world.ts';
import { ceilings } from './machine.ts';
import { type Line, ROWS, timed } from './timing.ts';

/** The fast sampler on one thread and on all, beside the plain reference pipeline and the machine's ceilings. */
export async function benchSampler(world: World, seconds: number): Promise<Line[]> {
  const sampler = new Sampler(world, 0, 'bench');
  const x = new Float32Array(ROWS * world.hiddenDim);
  const dense = timed(seconds, ROWS, (round) => sampler.sample(round, ROWS, x));
  const sparse = timed(seconds, ROWS, (round) => sampler.sample(round, ROWS));
  const threads = availableParallelism();
  const ahead = await timedThreads(world, seconds, threads);
  const few = Math.max(4, Math.round(2e6 / world.numFeatures));
  const plain = timed(seconds, few, (round) => {
    hiddenOf(world, referenceSample(world, few, new Random(0, 'bench', round)));
  });
  // Multiply-adds that a sample costs in the fast sampler: factors of the top features, and the sums of x.
  const { rank, top } = planOf(world);
  const active = sampler.sample(0, ROWS).features.length / ROWS;
  const multiplyAdds = rank * top.length + active * world.hiddenDim;
  const machine = ceilings(seconds / 2);
  const ratio = (line: { samplesPerSecond: number }): number =>
    line.samplesPerSecond / plain.samplesPerSecond;
  return [
    {
      name: 'sampler dense',
      ...dense,
      ratio: ratio(dense),
      shareOfMultiplyAdds: (dense.samplesPerSecond * multiplyAdds) / machine.multiplyAddsPerSecond,
      shareOfCopy: (dense.samplesPerSecond * world.hiddenDim * 4) / machine.copyBytesPerSecond,
    },
    { name: 'sampler dense, all threads', threads, ...ahead, ratio: ratio(ahead) },
    { name: 'sampler sparse', ...sparse, ratio: ratio(sparse) },
    { name: 'reference pipeline', ...plain, ratio: 1 },
  ];
}

/** As the data service draws: threads that run ahead, their batches taken in order. */
async function timedThreads(world: World, seconds: number, threads: number) {
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
