import { type Experiment, type Settings, settingsOf, vary } from '../experiment.ts';
import { publishedL0s, scaledL0 } from '../parts/published-l0.ts';

/**
 * The published recipe: at 16k, k falls from 60 to 25 over the whole run. Another k is reached from the same
 * start, as published; one above the start is there from the first step.
 */
const full: Experiment = {
  name: 'default',
  description: 'LISTA-Matryoshka with decreasing k: the full published recipe',
  architecture: 'lista-matryoshka',
  settings: ({ k, aim, anneal }) => ({
    n_refinement_steps: 1,
    eta: 0.3,
    detach_matryoshka_losses: true,
    use_frequency_sorted_matryoshka: true,
    term_tilt: 0.002,
    initial_k: Math.max(aim, anneal.from * k),
    transition_k_duration_fraction: anneal.over,
    lr_decay_fraction: 1 / 3,
  }),
};

const constantK: Settings = { initial_k: null, transition_k_duration_fraction: null };
const ablations: [string, string, Settings][] = [
  ['no_refinement', 'the LISTA step', { n_refinement_steps: 0 }],
  ['no_matryoshka', 'the inner losses', { matryoshka_widths: [] }],
  ['no_term', 'the tilt', { term_tilt: 0 }],
  ['no_freq_sort', 'frequency sorting', { use_frequency_sorted_matryoshka: false }],
  ['no_lr_decay', 'the learning-rate decay', { lr_decay_fraction: null }],
  ['no_detach_matryoshka', 'detaching the inner losses', { detach_matryoshka_losses: false }],
  ['no_decreasing_k', 'decreasing k', constantK],
];
/** The published `baseline_batchtopk`: BatchTopK in this class, with x - b_dec as the target of its loss. */
const withoutAll: Settings = Object.assign({}, ...ablations.map(([, , change]) => change));

/**
 * The recipe of the multi-agent write-up (F1 0.9894 at 16k): more levels, smaller eta, warm-up, stronger
 * tilt.
 */
const reference: Experiment = {
  name: 'reference_style',
  description: 'LISTA-Matryoshka as the multi-agent write-up tuned it',
  architecture: 'lista-matryoshka',
  settings: (sizes) => ({
    ...settingsOf(full, sizes),
    matryoshka_widths: [128, 32, 8, 4, 2].map((part) => sizes.d_sae / part).filter((width) => width >= 1),
    eta: 0.25,
    inner_loss_coefficient: 0.5,
    target_without_b_dec: false,
    term_tilt: 0.01,
    initial_k: Math.max(sizes.aim, 3.2 * sizes.k),
    transition_k_duration_fraction: 1,
    lr_warm_up_fraction: 0.005,
  }),
};

export const experiments: Experiment[] = [
  full,
  reference,
  ...ablations.map(([name, what, change]) =>
    vary(full, `ablation_${name}`, `default without ${what}`, change),
  ),
  vary(full, 'ablation_all', 'default without any of its parts: the published baseline', withoutAll),
  // k starts as in `default`, but never below its final value.
  ...publishedL0s.map((l0) =>
    vary(full, `l0_${l0}`, `default with k ${l0} at 16k, elsewhere in proportion`, (sizes) => {
      const k = scaledL0(l0, sizes);
      return { k, initial_k: Math.max(k, sizes.aim, sizes.anneal.from * sizes.k) };
    }),
  ),
];
