import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { noDevice } from '#engine/opencl/testing/here';
import { uniform } from '#engine/random';
import { loadArchitecture } from '../load.ts';
import { readCheckpoint } from './checkpoint.ts';
import { TrainerConfig } from './config.ts';
import type { Plan } from './plan.ts';
import { train } from './train.ts';

const folder = mkdtempSync(join(tmpdir(), 'sae-device-'));
const [rows, d, steps] = [64, 16, 40];

interface Change {
  resume?: boolean;
  /** Steps after which the run is asked to stop. */
  stopAfter?: number;
  /** The step whose x holds a NaN. */
  spoilt?: number;
}

/** A run of the default recipe; of its data only those from the first batch on that is asked for. */
async function run(name: string, { resume = false, stopAfter = steps, spoilt = -1 }: Change = {}) {
  const architecture = await loadArchitecture('lista-matryoshka');
  const sae = architecture.config.parse({
    ...{ d_in: d, d_sae: 64, k: 4, initial_k: 8, transition_k_duration_fraction: 1 },
    ...{ matryoshka_widths: [8, 32], use_frequency_sorted_matryoshka: true, term_tilt: 0.01 },
  });
  const trainer = TrainerConfig.parse({
    lr: 0.01,
    n_snapshots: 4,
    lr_decay_fraction: 0.5,
    dead_feature_window: 9,
  });
  const plan: Plan = {
    ...{ experiment: 'e', architectureName: 'lista-matryoshka', architecture, backend: 'opencl', resume },
    ...{ out: join(folder, name), addons: {}, samples: steps * rows, random: uniform(0), sae, trainer },
  };
  const stop = new AbortController();
  const random = uniform(1);
  let batchIndex = 0;
  const next = () => {
    const x = Float32Array.from({ length: rows * d }, () => random() ** 4 * 4);
    if (batchIndex === spoilt) x[0] = Number.NaN;
    if (batchIndex + 1 === stopAfter) stop.abort();
    return { x, rows, batchIndex: batchIndex++ };
  };
  const result = await train(plan, { header: { d, batchRows: rows }, next }, stop.signal);
  return { result, checkpoint: (file: string) => readCheckpoint(join(plan.out, file)) };
}

describe.skipIf(noDevice).each(['opencl'])('a run on %s', (backend) => {
  afterAll(async () => {
    await openBackend('embedded');
    rmSync(folder, { recursive: true });
  });

  it('goes on after a stop with the same bits, replayed steps, dead latents and snapshots included', async () => {
    await openBackend(backend);
    const straight = await run('straight');
    const stopped = await run('stopped', { stopAfter: 17 });
    expect([stopped.result.status, stopped.result.steps]).toEqual(['interrupted', 17]);
    const resumed = await run('stopped', { resume: true });
    expect([resumed.result.status, resumed.result.steps]).toEqual(['finished', steps]);
    for (const file of ['checkpoint.safetensors', `evals/${(steps / 2) * rows}.safetensors`]) {
      expect(resumed.checkpoint(file)).toEqual(straight.checkpoint(file));
    }
    expect(resumed.result.claimed).toEqual(straight.result.claimed);
  });

  it('is the run of the CPU', async () => {
    await openBackend(backend);
    const own = (await run('own')).checkpoint('checkpoint.safetensors');
    await openBackend('embedded');
    const reference = (await run('reference')).checkpoint('checkpoint.safetensors');
    expect(own.buffers.k).toEqual(reference.buffers.k);
    for (const [name, { data }] of Object.entries(reference.weights)) {
      const worst = data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - own.weights[name].data[i])),
        0,
      );
      expect(worst, name).toBeLessThan(1e-3);
    }
  });

  it('names the step that went wrong, although it is looked at later', async () => {
    await openBackend(backend);
    const { result } = await run('spoilt', { spoilt: 21 });
    expect(result.status).toBe('diverged');
    expect(result.reason).toMatch(/at step 21/);
  });
});
