import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAddon } from './addon.ts';
import batchtopk from './architectures/batchtopk.ts';
import standard from './architectures/standard.ts';
import type { Experiment } from './experiment.ts';
import { widthProfile } from './profiles.ts';
import { resolve } from './settings.ts';

const small = widthProfile('small');
const refined = defineAddon({
  setting: 'refined',
  config: z.strictObject({ tau: z.number().default(0) }),
  apply: ({ codes }) => codes,
});
const addons = new Map([[refined.setting, refined]]);
const experiment: Experiment = {
  name: 'x',
  description: '',
  architecture: 'batchtopk',
  settings: { lr: 0.1 },
};
const set = (...overrides: string[]) => resolve(experiment, batchtopk, addons, small, 64, overrides);

describe('settings', () => {
  it('defaults < profile < experiment < --set, ignoring fields of the profile that the architecture lacks', () => {
    const { sae, trainer, addons: chosen } = set();
    expect(sae).toMatchObject({ d_in: 64, d_sae: 128, k: 3.55, aux_loss_coefficient: 1 });
    expect(sae).not.toHaveProperty('matryoshka_widths');
    expect(trainer).toMatchObject({ lr: 0.1, lr_decay_fraction: null });
    expect(chosen).toEqual({});
    expect(set('k=5', 'lr=0.2')).toMatchObject({ sae: { k: 5 }, trainer: { lr: 0.2 } });
  });

  it('--set takes prefixes, shares, null, and paths into add-ons', () => {
    expect(set('sae.k=5').sae).toMatchObject({ k: 5 });
    expect(set('trainer.lr_decay_fraction=1/4').trainer.lr_decay_fraction).toBe(0.25);
    for (const half of ['.5', '5e-1', '+0.5', '.5e0', '50.e-2'])
      expect(set(`decoder_init_norm=${half}`).sae, half).toMatchObject({ decoder_init_norm: 0.5 });
    expect(set('decoder_init_norm=null').sae.decoder_init_norm).toBe(null);
    expect(set('refined.tau=0.5').addons).toEqual({ refined: { tau: 0.5 } });
    expect(set('refined={}').addons).toEqual({ refined: { tau: 0 } });
    expect(set('refined=null').addons).toEqual({});
  });

  it('settings that depend on the profile', () => {
    const scaled = { ...experiment, settings: ({ k }: { k: number }) => ({ k: 2 * k }) };
    expect(resolve(scaled, batchtopk, addons, small, 64).sae).toMatchObject({ k: 7.1 });
  });

  it('an experiment sees the k that is set, beside that of the profile', () => {
    const annealed: Experiment = { ...experiment, settings: ({ k, aim }) => ({ initial_k: k + 10 * aim }) };
    const of = (...overrides: string[]) => resolve(annealed, batchtopk, addons, small, 64, overrides).sae;
    expect(of()).toMatchObject({ k: 3.55, initial_k: 11 * 3.55 });
    expect(of('k=5')).toMatchObject({ k: 5, initial_k: 53.55 });
    expect(of('sae.k=5')).toMatchObject({ k: 5, initial_k: 53.55 });
    expect(() => of('k=many')).toThrow(/k: /);
  });

  it('--set k reaches an architecture without k as the L0 that the experiment aims at', () => {
    const steered: Experiment = { ...experiment, settings: ({ k }) => ({ target_l0: k }) };
    const of = (...overrides: string[]) => resolve(steered, standard, addons, small, 64, overrides);
    expect(of().trainer).toMatchObject({ target_l0: 3.55 });
    expect(of('k=5').trainer).toMatchObject({ target_l0: 5 });
    expect(of('k=5', 'target_l0=6').trainer).toMatchObject({ target_l0: 6 });
    expect(() => of('k=many')).toThrow('--set k=many: must be a number above 0, the L0 to aim at');
  });

  it.each([
    ['kk=3', /--set kk=3: "kk" is no setting of batchtopk; there are: .*refined.*lr/],
    ['matryoshka_widths=[4]', /"matryoshka_widths" is no setting of batchtopk/],
    ['sae.lr=0.1', /"lr" is no setting of batchtopk/],
    ['trainer.k=3', /"k" is no setting of the trainer/],
    ['d_in=3', /"d_in" is no setting/],
    ['k=-1', /k: /],
    ['k=many', /k: /],
    ['k=129', /experiment x: k: is 129, and there are 128 latents/],
    ['d_sae=3', /k: is 3.55, and there are 3 latents/],
    ['lr_decay_fraction=2', /lr_decay_fraction: /],
    ['refined.taw=1', /refined: /],
    ['k', /must be key=value/],
  ])('refuses %s', (override, message) => {
    expect(() => set(override)).toThrow(message);
  });

  it('an unknown profile is refused with the known names', () => {
    expect(() => widthProfile('huge')).toThrow(/unknown profile "huge".*small, medium, 16k/);
  });
});
