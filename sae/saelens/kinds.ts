import { z } from 'zod';
import { registry } from './registry.ts';

/** Sizes of tensors by name; `steps` and `stages` (one more) are those of a refinement, `one` is 1. */
export type Size = 'd_in' | 'd_sae' | 'steps' | 'stages' | 'one';

type Shapes = Record<string, readonly Size[]>;

/** How an architecture of SAELens is read as one of ours. Source: `sae_lens/saes` of 6.54. */
export interface Kind {
  /** Name of our architecture. */
  architecture: string;
  /** The fields of its config that its encoder reads, with SAELens' defaults; `k` must be given. */
  fields: z.ZodObject;
  /** Names of all its own fields; others are refused. */
  known: readonly string[];
  /** Shapes of its tensors by name. */
  tensors: Shapes;
  /** Shapes of the tensors that it has only with some values of its fields. */
  more?: (own: Record<string, unknown>) => Shapes;
  /** Biases into which b_dec is folded if it is not subtracted from the input; null: that is not possible. */
  folds: readonly string[] | null;
}

const fieldsOf = (name: string): string[] => [
  ...(registry.inference[name] ?? []),
  ...(registry.training[name] ?? []),
];

const common = {
  /** Its encoder reads no fields. */
  fields: z.object({}),
  tensors: { W_enc: ['d_in', 'd_sae'], b_enc: ['d_sae'], W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
  folds: ['b_enc'],
} satisfies Partial<Kind>;

const topK = {
  ...common,
  /** Those of our `topk`. */
  fields: z.object({
    /** Active latents of a sample. */
    k: z.number().int().positive(),
    /** Whether activations are measured in units of their decoder rows' norms. */
    rescale_acts_by_decoder_norm: z.boolean().default(false),
  }),
};

const batchTopK = {
  ...common,
  // SAELens had BatchTopK before this field: a config without it is ambiguous.
  fields: z.object({ k: z.number().positive(), rescale_acts_by_decoder_norm: z.boolean() }),
  tensors: { ...common.tensors, topk_threshold: [] },
};

/** Fields of LISTA's training class that BatchTopK does not have. */
const listaTraining = [
  ...['n_refinement_steps', 'eta', 'learnable_eta', 'term_tilt', 'initial_k', 'transition_k_duration_steps'],
  ...['matryoshka_widths', 'detach_matryoshka_losses', 'skip_final_matryoshka_width', 'include_outer_loss'],
  ...['use_frequency_sorted_matryoshka', 'firing_frequency_ema_decay'],
];

/** By SAELens' names. Its other architectures do not encode single rows of x: transcoders, temporal SAEs. */
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
    /** Those of our `matching-pursuit`. */
    fields: z.object({
      /** Norm of a residual at which a sample is finished. */
      residual_threshold: z.number().nonnegative().default(1e-2),
      /** Most iterations; null: d_in. */
      max_iterations: z.number().int().positive().nullable().default(null),
      /** Whether a sample is finished when it selects a latent again. */
      stop_on_duplicate_support: z.boolean().default(true),
    }),
    tensors: { W_dec: ['d_sae', 'd_in'], b_dec: ['d_in'] },
    folds: [],
  },
  // Not in SAELens: classes of chanind's claude-auto-research-synthsaebench. This one is for inference.
  lista_matryoshka_decreasingk: {
    ...common,
    architecture: 'lista-matryoshka',
    known: ['n_refinement_steps'],
    /** Refinement steps. */
    fields: z.object({ n_refinement_steps: z.number().int().nonnegative().default(1) }),
    tensors: { ...common.tensors, eta: ['steps'], thresholds: ['stages', 'd_sae'] },
    // Its residuals are those of the input itself, which no bias can change.
    folds: null,
  },
  // The training class of the same.
  lista_matryoshka_decreasingk_batchtopk: {
    architecture: 'lista-matryoshka',
    known: [...fieldsOf('batchtopk'), ...listaTraining],
    // `k` is the last one of a schedule; SAELens encodes with it after loading.
    fields: batchTopK.fields.extend({
      /** Refinement steps. */
      n_refinement_steps: z.number().int().nonnegative().default(1),
      /** Step size. */
      eta: z.number().default(0.3),
      /** Whether each step has a trained step size. */
      learnable_eta: z.boolean().default(false),
      /** Whether it measures firing frequencies, in tensors that its encoder does not read. */
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
