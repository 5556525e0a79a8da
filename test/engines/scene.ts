import { Sampler } from '#bench/sampler/sampler';
import { openWorld } from '#bench/worlds';
import { uniform } from '#engine/random';
import { loadAddons, loadArchitecture, loadExperiments } from '#sae/load';
import { widthProfile } from '#sae/profiles';
import { resolve } from '#sae/settings';
import type { Batches } from '#sae/trainer/plan';

const BATCH = 1024;
export const PROFILE = 'small';
/** Samples of a full run (TASK.md). */
export const SAMPLES = 2_048_000;

/** An experiment at the small world, and its data: what the data service serves at a seed. */
export async function openScene(name: string) {
  const { world } = await openWorld(PROFILE);
  const experiment = (await loadExperiments()).get(name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const [architecture, addons] = [await loadArchitecture(experiment.architecture), await loadAddons()];
  const d = world.hiddenDim;
  const settings = resolve(experiment, architecture, addons, widthProfile(PROFILE), d, []);

  /** `nudged`: each number up or down by one unit in the last place, as if it were rounded otherwise. */
  function stream(seed: number, nudged = false): Batches {
    const sampler = new Sampler(world, seed, 'train');
    const x = new Float32Array(BATCH * d);
    const bits = new Int32Array(x.buffer);
    const coin = uniform(seed + 1);
    let next = 0;
    return {
      header: { d, batchRows: BATCH },
      next() {
        const batchIndex = next++;
        sampler.sample(batchIndex, BATCH, x);
        if (nudged) for (let i = 0; i < bits.length; i++) if (x[i] !== 0) bits[i] += coin() < 0.5 ? 1 : -1;
        return { x, rows: BATCH, batchIndex };
      },
    };
  }
  return { experiment, architecture, settings, stream };
}
