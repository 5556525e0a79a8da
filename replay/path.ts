/** One step of the published path: its claim, and its change to the experiment `candidate`. */
export interface Step {
  /** Names the sprint's folder, and finds the step again in the ledger. */
  slug: string;
  title: string;
  idea: string;
  /** Why it should work, with its source. */
  motivation: string;
  /** What would refute it. */
  expectation: string;
  /** Slugs of the steps that this one builds on; it is tried only if all of them gave a gain. */
  needs: readonly string[];
  /** Files of the workspace that the step uses; missing ones are restored. */
  files: readonly string[];
  /** The architecture that the step switches to; unset: the step works with any. */
  architecture?: string;
  /** Settings of this step, which all later steps keep. */
  settings: Settings;
  /** Settings that are left out when a later step names an architecture. */
  ownSettings?: Settings;
}

/**
 * Settings of an experiment: name → TypeScript expression, in which `k` and `matryoshka_widths` are the
 * profile's.
 */
export type Settings = Readonly<Record<string, string>>;

const runs =
  'the published SynthSAEBench runs (Chanin, "Letting Claude do autonomous research to improve SAEs", 2026)';

const MATRYOSHKA = 'sae/architectures/matryoshka-batchtopk.ts';
const LISTA = 'sae/architectures/lista-matryoshka.ts';

/**
 * Settings that switch off the components of `lista-matryoshka` that are on by default or set by the profile;
 * the steps of the path switch them on.
 */
export const BARE_LISTA: Settings = {
  matryoshka_widths: '[]',
  detach_matryoshka_losses: 'false',
  n_refinement_steps: '0',
};

/** The path in the order in which it was published; ratios (60 to 25, a third, ...) as published at 16k. */
export const PATH: readonly Step[] = [
  {
    slug: 'batchtopk-baseline',
    title: 'BatchTopK baseline',
    idea: 'Train a plain BatchTopK SAE at the profile’s k: the baseline that every later step is compared with.',
    motivation:
      'Bussmann, Leask and Nanda, "BatchTopK Sparse Autoencoders" (arXiv:2412.06410): the k·B largest pre-activations of a batch fire, so that a sample may use more or fewer than k latents. It is the strongest plain baseline of SynthSAEBench (arXiv:2602.14687).',
    expectation:
      'A working dictionary with an L0 at k and few dead latents. F1 well below the published best, because nothing here handles the hierarchy: parents are absorbed into their children. Dead latents or an L0 far from k would mean that the trainer is wrong, not the idea.',
    needs: [],
    files: [],
    architecture: 'batchtopk',
    settings: {},
  },
  {
    slug: 'matryoshka-levels',
    title: 'Matryoshka levels',
    idea: 'Ask nested prefixes of the dictionary to reconstruct the input by themselves, and add their losses.',
    motivation:
      'Bussmann, Nabeshima, Karvonen and Nanda, "Learning Multi-Level Features with Matryoshka Sparse Autoencoders" (arXiv:2503.17547): a small prefix has room for general features only, so absorbing a parent feature into its children gains nothing there. The features of this world are hierarchical, so absorption should be the cause of a low F1.',
    expectation:
      'F1 clearly above BatchTopK at the same budget, with little change in explained variance. No gain would mean that absorption is not the cause of a low F1 at this size.',
    needs: [],
    files: [MATRYOSHKA],
    architecture: 'matryoshka-batchtopk',
    settings: { matryoshka_widths: 'matryoshka_widths' },
    ownSettings: { use_matryoshka_aux_loss: 'true' },
  },
  {
    slug: 'detach-and-decay',
    title: 'Detached levels and learning-rate decay',
    idea: 'Let each inner level train its own band only (the earlier levels’ reconstruction is detached), and let the learning rate fall to zero over the last third of training.',
    motivation: `Two settings of ${runs}. The losses of larger prefixes no longer change the latents of smaller ones; that is one cause of hedging (Chanin, Dulka and Garriga-Alonso, "Feature Hedging", arXiv:2505.11756); the decay lets the dictionary converge.`,
    expectation:
      'A modest gain of F1 and MCC. A lower F1 would mean that the small prefixes need the gradient of the large ones at this size.',
    needs: ['matryoshka-levels'],
    files: [LISTA],
    architecture: 'lista-matryoshka',
    settings: { detach_matryoshka_losses: 'true', lr_decay_fraction: '1 / 3' },
  },
  {
    slug: 'decreasing-k',
    title: 'Decreasing k',
    idea: 'Start with more latents firing than the target and lower k linearly to it over the whole run.',
    motivation: `${cap(runs)} lower k from 60 to 25; Llama Scope (arXiv:2410.20526) anneals k too. More latents get gradient early, so that fewer remain unused or represent a mixture of features.`,
    expectation:
      'A higher precision at the same final L0. A lower F1 would mean that the steps above the target k are missing at the target; a short run has fewer steps.',
    needs: [],
    files: [LISTA],
    architecture: 'lista-matryoshka',
    settings: { initial_k: '(60 / 25) * k', transition_k_duration_fraction: '1' },
  },
  {
    slug: 'lista-refinement',
    title: 'LISTA refinement of the encoder',
    idea: 'After the first selection, correct the pre-activations once by the residual of the selected latents, with a step of 0.3, and select again.',
    motivation: `Gregor and LeCun, "Learning Fast Approximations of Sparse Coding" (ICML 2010): an unrolled iteration of sparse coding separates what a linear encoder confuses, such as similar directions in superposition. One step of size 0.3 in ${runs}.`,
    expectation:
      'Higher precision and recall together. No gain would mean that the linear encoder is not the bottleneck at this size.',
    needs: [],
    files: [LISTA],
    architecture: 'lista-matryoshka',
    settings: { n_refinement_steps: '1', eta: '0.3' },
  },
  {
    slug: 'frequency-sorting',
    title: 'Prefixes sorted by firing frequency',
    idea: 'Fill the Matryoshka prefixes by measured firing frequency, so that the smallest prefix holds the most frequent latents at any time.',
    motivation: `From ${runs}. In a fixed order a latent becomes general because of its index. In sorted order the prefixes follow the measured frequencies, and every level trains the frequent (mostly parent) features.`,
    expectation:
      'A small gain of F1. A lower F1 would mean that the order changes faster than the latents can follow.',
    needs: ['matryoshka-levels'],
    files: [LISTA],
    architecture: 'lista-matryoshka',
    settings: { use_frequency_sorted_matryoshka: 'true' },
  },
  {
    slug: 'tilted-loss',
    title: 'Tilted loss (TERM)',
    idea: 'Weigh the samples of a batch by a softmax of their loss with a small tilt, so that badly reconstructed samples count a little more.',
    motivation: `Li, Beirami, Sanjabi and Smith, "Tilted Empirical Risk Minimization" (arXiv:2007.01162), with the tilt of 0.002 of ${runs}: rare features are in the samples that an SAE reconstructs badly.`,
    expectation:
      'A gain near the noise of repeated seeds, if any. A lower F1 would mean that the worst samples are bad for reasons that the dictionary cannot change.',
    needs: [],
    files: [LISTA],
    architecture: 'lista-matryoshka',
    settings: { term_tilt: '0.002' },
  },
  {
    slug: 'leave-one-out',
    title: 'Leave-one-out refinement',
    idea: 'After encoding, drop every active latent whose removal would hardly change the reconstruction: its projection on the residual of the others is below half of a feature’s usual magnitude.',
    motivation:
      'A comment on the published runs reports it as an inference-only step, with the best F1 of those known; its threshold was not published. Here it is half of the benchmark’s mean magnitude (firing features run from 5 to 4, so 4.5 / 2): midway between a feature that is absent and one at its usual strength. Spurious activations lower precision, and this step drops the latents that a sample does not need.',
    expectation:
      'Higher precision and a lower L0, with recall nearly unchanged. A loss of recall larger than the gain in precision would mean that weak activations are real.',
    needs: [],
    files: ['sae/addons/leave-one-out.ts'],
    settings: { leave_one_out: '{ tau: 4.5 / 2 }' },
  },
];

function cap(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
