// Trains the first steps of a full run at the small world with each of the engines named, in turn, from the
// same initial weights on the same data:
//   node --import tsx test/engines/train.ts FOLDER EXPERIMENT SEED STEPS ENGINE...
// Leaves a run folder FOLDER/<engine> for the judge, with the loss of every step in losses.json, and prints
// their names.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonAtomic } from '#contract/atomic';
import type { RunRecord } from '#contract/run';
import { openBackend } from '#engine/backend';
import { uniform } from '#engine/random';
import { train } from '#sae/trainer/train';
import { ENGINES, type EngineName } from './engines.ts';
import { openScene, PROFILE, SAMPLES } from './scene.ts';

const [folder, name, seedText, stepsText, ...engines] = process.argv.slice(2);
const [seed, steps] = [Number(seedText), Number(stepsText)];
const { experiment, architecture, settings, stream } = await openScene(name);

for (const engine of engines as EngineName[]) {
  const { backend, plain, nudged } = ENGINES[engine];
  const { label } = await openBackend(backend, { plain });
  const dir = join(folder, engine);
  mkdirSync(join(dir, 'out'), { recursive: true });
  const losses: number[] = [];
  const stop = new AbortController();
  const { status, reason } = await train(
    {
      ...settings,
      ...{ experiment: name, architectureName: experiment.architecture, architecture, samples: SAMPLES },
      ...{ out: join(dir, 'out'), resume: false, random: uniform(seed), backend: label },
      onStep({ loss }) {
        if (losses.push(loss) === steps) stop.abort();
      },
    },
    stream(seed, nudged),
    stop.signal,
  );
  if (status !== 'finished' && !stop.signal.aborted) {
    throw new Error(`${name}, seed ${seed}, ${engine}: ${status}: ${reason}`);
  }
  writeJsonAtomic(join(dir, 'losses.json'), losses);
  writeJsonAtomic(join(dir, 'run.json'), record(`engines-${name}-s${seed}-${engine}`));
}

process.stdout.write(`${JSON.stringify(engines)}\n`);

/** The run record that the judge reads. */
function record(id: string): RunRecord {
  const now = new Date().toISOString();
  return {
    ...{ version: 2, id, researcherId: 'none', sprint: null, tree: 'worktree', sandbox: 'off' },
    ...{ experiment: name, settings: {}, profile: PROFILE, seed, samples: SAMPLES, rowsServed: SAMPLES },
    ...{ startedAt: now, endedAt: now, seconds: null, status: 'finished', reason: null },
    machine: { host: '', cpu: '', cores: 1, gpu: null, node: process.version },
  };
}
