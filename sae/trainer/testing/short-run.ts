import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrainResult } from '#contract/run';
import { uniform } from '#engine/random';
import type { Architecture } from '../../architecture.ts';
import template from '../../architectures/_template.ts';
import { TrainerConfig } from '../config.ts';
import type { Plan } from '../plan.ts';
import { train } from '../train.ts';

export const [ROWS, STEPS] = [32, 40];

/** 40 steps with four snapshots, below a folder. */
export const planOf = (folder: string, name: string, architecture: Architecture): Plan => ({
  ...{ experiment: name, architectureName: 'template', architecture, backend: 'wasm', resume: false },
  ...{ out: join(folder, name), addons: {}, samples: STEPS * ROWS, random: uniform(0) },
  sae: template.config.parse({ d_in: 8, d_sae: 16 }),
  trainer: TrainerConfig.parse({ lr: 0.01, n_snapshots: 4 }),
});

/** Trains the template with a change to its passes, and returns its result as it was written, and where. */
export async function shortRun(
  folder: string,
  name: string,
  architecture: Architecture,
): Promise<{ result: TrainResult; out: string }> {
  const plan = planOf(folder, name, architecture);
  const random = uniform(1);
  let batchIndex = 0;
  const data = {
    header: { d: 8, batchRows: ROWS },
    next: () => ({
      x: Float32Array.from({ length: ROWS * 8 }, random),
      rows: ROWS,
      batchIndex: batchIndex++,
    }),
  };
  const result = await train(plan, data, new AbortController().signal);
  const { out } = plan;
  const written = TrainResult.parse(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')));
  if (JSON.stringify(written) !== JSON.stringify(TrainResult.parse(result)))
    throw new Error('result.json is not the result');
  return { result, out };
}
