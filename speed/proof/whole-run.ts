import { locateReleased } from '#bench/hub/released';
import type { Asked } from './parts.ts';
import { trainAndJudge } from './train-and-judge.ts';

/** 16k's kind from a seed of our own: it is built here where the released model is not. */
const OWN_WORLD = 'synth-16k:seed=1';

/** A whole run of the default recipe and its verdict. */
export interface WholeRun {
  world: string;
  profile: string;
  samples: number;
  seconds: number;
  samplesPerSecond: number;
  /** The device that drew the samples; null: the processor. */
  drawnBy: string | null;
  judgeSeconds: number;
  /** Fresh samples of the verdict. */
  judged: number;
  /** In training form. */
  metrics: Record<string, number>;
}

/**
 * Trains the default recipe to its end and judges it, in a world of its size: the one that is named, else the
 * released one where it is here.
 * @throws Error with the trainer's or the judge's own error line
 */
export async function wholeRun(
  { backend, size, samples, drawn }: Omit<Extract<Asked, { kind: 'run' }>, 'kind'>,
  named?: string,
): Promise<WholeRun> {
  const profile = size === 'full' ? '16k' : 'small';
  const ours = size === 'small' ? 'small' : locateReleased() ? 'synth-16k' : OWN_WORLD;
  const world = named ?? ours;
  const trained = await trainAndJudge({ backend, profile, world, samples, seed: 0, encode: 'fp32', drawn });
  const { seconds, drawnBy, verdict } = trained;
  return {
    ...{ world, profile, samples, seconds, samplesPerSecond: samples / seconds },
    ...{ drawnBy, judgeSeconds: verdict.seconds, judged: verdict.evaluation.samples },
    metrics: verdict.metrics,
  };
}
