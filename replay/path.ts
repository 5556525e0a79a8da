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
  /** Whether the candidate is the published recipe from this step on. */
  isWhole?: true;
}

/**
 * Settings of an experiment: name → TypeScript expression, in which `k`, `anneal` and `matryoshka_widths` are
 * the profile's, and `aim` is the k that the run is to have.
 */
export type Settings = Readonly<Record<string, string>>;

const runs =
  'the published SynthSAEBench runs (Chanin, "Letting Claude do autonomous research to improve SAEs", 2026)';

const MATRYOSHKA = 'sae/architectures/matryoshka-batchtopk.ts';
/** With its encoder in Python: SAELens lacks it. */
const LISTA = ['sae/architectures/lista-matryoshka.ts', 'sae/architectures/lista-matryoshka.py'];

/**
 * The published path in as many steps as one run each can tell apart in a small world. What the single parts
 * of the recipe give there takes several seeds to see (docs/small-world.md), so they are one step. Shares are
 * as published at 16k; the anneal is the profile's, since a short run has no time to spare at a high k.
 */
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
    slug: 'full-recipe',
    title: 'The full recipe',
    idea: 'The rest of the published recipe at once. Each inner level trains its own band only (the earlier levels’ reconstruction is detached); the learning rate falls to zero over the last third of training; k falls linearly to the target, from as far and for as long as the profile’s anneal says (at 16k from 60 to 25, over the whole run); after the first selection a LISTA step corrects the pre-activations by 0.3 of what the selected latents leave over, and selects again; the Matryoshka prefixes are filled by measured firing frequency; the samples of a batch are weighed by a softmax of their loss with a tilt of 0.002 (TERM).',
    motivation: `${cap(runs)}. Detached, the losses of larger prefixes no longer pull on the latents of smaller ones, which is one cause of hedging (Chanin, Dulka and Garriga-Alonso, "Feature Hedging", arXiv:2505.11756), and the decay lets the dictionary settle. With a higher k at the start more latents get gradient early (Llama Scope, arXiv:2410.20526, anneals k too). Gregor and LeCun, "Learning Fast Approximations of Sparse Coding" (ICML 2010): an unrolled iteration explains away what a linear encoder confuses, such as similar directions in superposition. Sorted, the prefixes follow what the latents have become. Li, Beirami, Sanjabi and Smith, "Tilted Empirical Risk Minimization" (arXiv:2007.01162): rare features live in the samples that an SAE gets wrong. The parts come together because most of them alone are within the noise of one run in a small world: docs/small-world.md has what each gives over several seeds.`,
    expectation:
      'A clear gain of F1 and MCC over Matryoshka alone. No gain would say that the recipe needs a larger world or a longer run than this.',
    needs: ['matryoshka-levels'],
    files: [MATRYOSHKA, ...LISTA],
    architecture: 'lista-matryoshka',
    settings: {
      matryoshka_widths: 'matryoshka_widths',
      detach_matryoshka_losses: 'true',
      lr_decay_fraction: '1 / 3',
      initial_k: 'Math.max(aim, anneal.from * k)',
      transition_k_duration_fraction: 'anneal.over',
      n_refinement_steps: '1',
      eta: '0.3',
      use_frequency_sorted_matryoshka: 'true',
      term_tilt: '0.002',
    },
    isWhole: true,
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
