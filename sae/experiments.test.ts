import { describe, expect, it } from 'vitest';
import { architectureNames, loadAddons, loadArchitecture, loadExperiments, loadSweeps } from './load.ts';
import { widthProfile } from './profiles.ts';
import { resolve } from './settings.ts';

const [experiments, addons] = await Promise.all([loadExperiments(), loadAddons()]);
const sweeps = await loadSweeps(experiments);

async function settings(name: string, profile: string, set: string[] = []) {
  const experiment = experiments.get(name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const architecture = await loadArchitecture(experiment.architecture);
  return resolve(experiment, architecture, addons, widthProfile(profile), 8, set);
}

// A workspace may start without its best parts (--start baseline).
describe.skipIf(!architectureNames().includes('lista-matryoshka'))('the published experiments', () => {
  it('are members of sweeps', () => {
    expect([...sweeps].map(([name, { members }]) => [name, members.length])).toEqual([
      ['ablations', 9],
      ['l0_sweep', 7],
      ['baseline_l0_sweep', 7],
      ['paper_baselines', 5],
      ['all', 9 + 7 + 7 + 5],
    ]);
  });

  it('are the published ones at 16k', async () => {
    expect(await settings('default', '16k')).toMatchObject({
      sae: {
        ...{
          d_sae: 4096,
          k: 25,
          initial_k: 60,
          transition_k_duration_fraction: 1,
          eta: 0.3,
          term_tilt: 0.002,
        },
        ...{ n_refinement_steps: 1, matryoshka_widths: [128, 512, 2048], detach_matryoshka_losses: true },
        use_frequency_sorted_matryoshka: true,
      },
      trainer: { lr: 3e-4, lr_decay_fraction: 1 / 3 },
    });
    expect((await settings('l0_45', '16k')).sae).toMatchObject({ k: 45, initial_k: 60 });
    expect((await settings('baseline_l0_15', '16k')).sae).toMatchObject({ k: 15 });
  });

  it('keep their share of the true L0 in a small world', async () => {
    expect((await settings('l0_25', 'small')).sae).toMatchObject({ k: 3.55, initial_k: 1.6 * 3.55 });
    // k falls or stays, but never rises.
    expect((await settings('l0_45', 'small')).sae).toMatchObject({ k: 1.8 * 3.55, initial_k: 1.8 * 3.55 });
    expect((await settings('baseline_l0_15', 'small')).sae).toMatchObject({ k: 0.6 * 3.55 });
  });

  it.each(['default', 'reference_style', 'l0_15', 'l0_45'])(
    'of %s, k never rises to what is set',
    async (name) => {
      const k = async (...set: string[]) => {
        const { sae } = await settings(name, '16k', set);
        const { k, initial_k } = sae as typeof sae & { k?: number; initial_k?: number };
        return [k, initial_k];
      };
      const [, start] = await k();
      // A k below the start is reached from the same start, as published.
      expect(await k('k=15')).toEqual([15, start]);
      for (const set of ['k=100', 'sae.k=100']) expect(await k(set)).toEqual([100, 100]);
      expect(await k('k=100', 'initial_k=50')).toEqual([100, 50]);
    },
  );

  it('differ from default in one part each', async () => {
    const whole = await settings('default', 'small');
    const flat = (of: Awaited<ReturnType<typeof settings>>) => ({ ...of.sae, ...of.trainer });
    const changed: Record<string, string[]> = {};
    for (const name of sweeps.get('ablations')?.members.filter((member) => member.startsWith('ablation_')) ??
      []) {
      const own = flat(await settings(name, 'small')) as Record<string, unknown>;
      changed[name] = Object.entries(flat(whole))
        .filter(([field, value]) => JSON.stringify(own[field]) !== JSON.stringify(value))
        .map(([field]) => field);
    }
    expect(changed).toEqual({
      ablation_no_refinement: ['n_refinement_steps'],
      ablation_no_matryoshka: ['matryoshka_widths'],
      ablation_no_term: ['term_tilt'],
      ablation_no_freq_sort: ['use_frequency_sorted_matryoshka'],
      ablation_no_lr_decay: ['lr_decay_fraction'],
      ablation_no_detach_matryoshka: ['detach_matryoshka_losses'],
      ablation_no_decreasing_k: ['initial_k', 'transition_k_duration_fraction'],
      ablation_all: expect.any(Array),
    });
    expect(new Set(changed.ablation_all)).toEqual(
      new Set(Object.entries(changed).flatMap(([name, fields]) => (name === 'ablation_all' ? [] : fields))),
    );
    expect((await settings('ablation_all', 'small')).sae).toMatchObject({ target_without_b_dec: true });
  });
});
