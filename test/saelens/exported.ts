import { join } from 'node:path';
import { Sampler } from '#bench/sampler/sampler';
import { openWorld } from '#bench/worlds';
import { uniform } from '#engine/random';
import { exportCheckpoint, type Origin } from '#sae/export';
import { loadArchitecture } from '#sae/load';
import { readCheckpoint } from '#sae/trainer/checkpoint';
import { TrainerConfig } from '#sae/trainer/config';
import { train } from '#sae/trainer/train';

const [ROWS, STEPS, D_SAE] = [256, 60, 32];

/**
 * Trains an architecture for a moment on the world `tiny`, with a scale of x to fold in, and exports it into
 * `root/<name>`. Returns SAELens' name of it.
 */
export async function exported(
  root: string,
  name: string,
  fields: object,
  origin: Origin = {},
): Promise<string> {
  const architecture = await loadArchitecture(name);
  const { world } = await openWorld('tiny');
  const sampler = new Sampler(world, 0, 'train');
  const x = new Float32Array(ROWS * world.hiddenDim);
  let next = 0;
  const data = {
    header: { d: world.hiddenDim, batchRows: ROWS },
    next() {
      sampler.sample(next, ROWS, x);
      return { x, rows: ROWS, batchIndex: next++ };
    },
  };
  const out = join(root, 'runs', name);
  const sae = architecture.config.parse({ d_in: world.hiddenDim, d_sae: D_SAE, ...fields });
  const trainer = TrainerConfig.parse({
    ...{ lr: 4e-3, dead_feature_window: 20, n_snapshots: 1 },
    ...{ normalize_activations: 'expected_average_only_in', n_batches_for_norm_estimate: 4 },
  });
  const { status, reason } = await train(
    {
      ...{ experiment: name, architectureName: name, architecture, sae, trainer, addons: {}, out },
      ...{ samples: STEPS * ROWS, random: uniform(0), backend: 'embedded', resume: false },
    },
    data,
    new AbortController().signal,
  );
  if (status !== 'finished') throw new Error(`${name}: ${status}: ${reason}`);
  const checkpoint = readCheckpoint(join(out, 'checkpoint.safetensors'));
  return (await exportCheckpoint(checkpoint, architecture, join(root, name), origin)).architecture;
}
