import { openWorld } from '#bench/worlds';
import { benchEvaluation } from '../evaluation.ts';
import { FULL_SIZE } from '../step/plan.ts';
import { ROWS } from '../timing.ts';
import { yardsticks } from '../yardsticks.ts';
import type { Asked } from './parts.ts';
import { wholeRun } from './whole-run.ts';

/** A verdict and how long its parts take alone. */
export interface VerdictTimes {
  /** Fresh samples of the verdict, and seconds until it was there. */
  samples: number;
  seconds: number;
  /** Seconds of so many samples, each alone: the judge's own thread, matching once, a form encoded. */
  own: number;
  matching: number;
  encodes: number;
}

/** What is judged must only have its size: the encoder takes as long whatever it has learnt. */
const STEPS = { full: 200, small: 20 };

/** Judges a short run of the default recipe, and times the parts of its verdict. */
export async function timeVerdict(
  { backend, size }: Extract<Asked, { kind: 'verdict' }>,
  seconds: number,
): Promise<VerdictTimes> {
  const name = size === 'full' ? FULL_SIZE : 'small';
  const run = await wholeRun({ backend, size, samples: ROWS * STEPS[size] }, name);
  const { world } = await openWorld(name);
  const lines = await benchEvaluation(world, seconds, backend, yardsticks(world, 1));
  const of = (wanted: string) => {
    const line = lines.find((each) => each.name === wanted);
    if (!line) throw new Error(`no line "${wanted}"`);
    return line;
  };
  const whole = (wanted: string) => run.judged / Number(of(wanted).samplesPerSecond);
  return {
    ...{ samples: run.judged, seconds: run.judgeSeconds, matching: Number(of('eval matching').ms) / 1000 },
    ...{ own: whole('eval draw and count'), encodes: whole('eval encode') },
  };
}
