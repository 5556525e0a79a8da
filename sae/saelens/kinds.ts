import { z } from 'zod';
import { registry } from './registry.ts';

/** Sizes of tensors by letter; `steps` and `stages` (one more) are those of a refinement. */
export type Size = 'd_in' | 'd_sae' | 'steps' | 'stages' | 'one';

type Shapes = Record<string, readonly Size[]>;

/** How an architecture of SAELens is one of ours. Source: `sae_lens/saes` of 6.54. */
export interface Kind {
  architecture: string;
  /** Those of its config's own fields that its encoder reads, with SAELens' defaults. A `k` has no default worth the name. */
  fields: z.ZodObject;
  /** Names of all its fields beyond those that every SAE has; others are refused. */
  known: readonly string[];
  tensors: Shapes;
  /** More of them, as its fields say. */
  more?: (own: Record<string, unknown>) => Shapes;
  /** Biases that take in b_dec where the input is used without it; null where none can. */
  folds: readonly string[] | null;
}

const fieldsOf = (name: string): string[] => [
  ...(registry.inference[name] ?? []),
  ...(registry.training[name] ?? []),
];

const common = {
  fields: z.object({}),
  tensors: { W_enc: ['d_in', 'd_sae'], b_enc: ['d_sae'], W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
  folds: ['b_enc'],
} satisfies Partial<Kind>;

const topK = {
  ...common,
  fields: z.object({
    k: z.number().int().positive(),
    rescale_acts_by_decoder_norm: z.boolean().default(false),
  }),
};

const batchTopK = {
  ...common,
  // Rescaling came to SAELens after BatchTopK: a config without the field may mean either.
  fields: z.object({ k: z.number().positive(), rescale_acts_by_decoder_norm: z.boolean() }),
  tensors: { ...common.tensors, topk_threshold: [] },
};

/** What LISTA's training class has beyond BatchTopK's. */
const listaTraining = [
  ...['n_refinement_steps', 'eta', 'learnable_eta', 'term_tilt', 'initial_k', 'transition_k_duration_steps'],
  ...['matryoshka_widths', 'detach_matryoshka_losses', 'skip_final_matryoshka_width', 'include_outer_loss'],
  ...['use_frequency_sorted_matryoshka', 'firing_frequency_ema_decay'],
];

/** By SAELens' names. What it has beyond these is no map from rows of x to codes of their own: transcoders, temporal. */
export const kinds: Record<string, Kind> = {
  standard: { ...common, architecture: 'standard', known: fieldsOf('standard') },
  topk: { ...topK, architecture: 'topk', known: fieldsOf('topk') },
  abstopk: { ...topK, architecture: 'abstopk', known: fieldsOf('abstopk') },
  jumprelu: {
    ...common,
    architecture: 'jumprelu',
    known: fieldsOf('jumprelu'),
    tensors: { ...common.tensors, threshold: ['d_sae'] },
  },
  // A trained BatchTopK is saved for inference as jumprelu, and for more training as it is.
  batchtopk: { ...batchTopK, architecture: 'batchtopk', known: fieldsOf('batchtopk') },
  matryoshka_batchtopk: {
    ...batchTopK,
    architecture: 'matryoshka-batchtopk',
    known: fieldsOf('matryoshka_batchtopk'),
  },
  gated: {
    ...common,
    architecture: 'gated',
    known: fieldsOf('gated'),
    tensors: {
      ...{ W_enc: ['d_in', 'd_sae'], W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
      ...{ b_gate: ['d_sae'], b_mag: ['d_sae'], r_mag: ['d_sae'] },
    },
    folds: ['b_gate', 'b_mag'],
  },
  matching_pursuit: {
    architecture: 'matching-pursuit',
    known: fieldsOf('matching_pursuit'),
    fields: z.object({
      residual_threshold: z.number().nonnegative().default(1e-2),
      max_iterations: z.number().int().positive().nullable().default(null),
      stop_on_duplicate_support: z.boolean().default(true),
    }),
    tensors: { W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
    folds: [],
  },
  // No part of SAELens: the classes that chanind's claude-auto-research-synthsaebench registers with it, for inference and for more training.
  lista_matryoshka_decreasingk: {
    ...common,
    architecture: 'lista-matryoshka',
    known: ['n_refinement_steps'],
    fields: z.object({ n_refinement_steps: z.number().int().nonnegative().default(1) }),
    tensors: { ...common.tensors, eta: ['steps'], thresholds: ['stages', 'd_sae'] },
    // Its residuals are of the input as it is: no bias makes up for that.
    folds: null,
  },
  lista_matryoshka_decreasingk_batchtopk: {
    architecture: 'lista-matryoshka',
    known: [...fieldsOf('batchtopk'), ...listaTraining],
    // Its `k` is where a schedule ends, and what SAELens encodes with once it is loaded.
    fields: batchTopK.fields.extend({
      n_refinement_steps: z.number().int().nonnegative().default(1),
      eta: z.number().default(0.3),
      learnable_eta: z.boolean().default(false),
      use_frequency_sorted_matryoshka: z.boolean().default(false),
    }),
    tensors: { ...batchTopK.tensors, topk_thresholds: ['stages'] },
    more: ({ n_refinement_steps, learnable_eta, use_frequency_sorted_matryoshka }) => ({
      ...Object.fromEntries(
        Array.from({ length: learnable_eta ? Number(n_refinement_steps) : 0 }, (_, t) => [
          `eta_params.${t}`,
          [],
        ]),
      ),
      ...(use_frequency_sorted_matryoshka === true && {
        'firing_frequency_tracker.frequencies': ['d_sae'],
        'firing_frequency_tracker._initialized': ['one'],
      }),
    }),
    folds: null,
  },
};
