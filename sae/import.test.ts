import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '#engine/backend';
import { createCheckpointEncoder, forms } from './encoding.ts';
import { exportCheckpoint } from './export.ts';
import { readSaelens } from './import.ts';
import { architectureNames, loadArchitecture } from './load.ts';
import { codesOf, type Stored, saved as savedIn } from './testing/saelens/folder.ts';

const golden = process.env.GOLDEN_DIR ?? join(import.meta.dirname, '../test/golden');
const root = mkdtempSync(join(tmpdir(), 'sae-import-'));
beforeAll(async () => {
  await openBackend('embedded');
});
afterAll(() => rmSync(root, { recursive: true }));

interface Case {
  name: string;
  config: Record<string, unknown>;
  after_3_steps?: { params: Record<string, Stored>; buffers?: Record<string, Stored> };
  inference?: {
    architecture: string;
    state: Record<string, Stored>;
    acts: Stored;
    training_model_eval_mode_acts: Stored;
  };
}
interface File {
  batches: Stored[];
  cases: Case[];
}

const saved = (config: object, state: Record<string, Stored>) => savedIn(root, config, state);

/** Activations of the reference as codes for decoder rows of norm 1; `unit` where they are that. */
function expectCodes(got: Float32Array, acts: Stored, W_dec: Stored, unit = false): void {
  const [d_sae, d_in] = W_dec.shape;
  const norms = Array.from({ length: d_sae }, (_, i) =>
    Math.hypot(...Array.from(W_dec.data).slice(i * d_in, (i + 1) * d_in)),
  );
  expect(Array.from(acts.data).filter((v) => v > 0).length).toBeGreaterThan(10);
  for (const [at, value] of Array.from(acts.data).entries()) {
    const want = unit ? value : value * norms[at % d_sae];
    if (!(Math.abs(got[at] - want) <= 1e-5 + 1e-5 * Math.abs(want)))
      expect.fail(`codes[${at}]: ${got[at]}, not ${want}`);
  }
}

/**
 * The fields that the reference's training class writes and the golden file does not have. The golden codes
 * are those at the k after 6 of its steps; a folder has the `k` that the class encodes with after loading.
 */
function listaConfig({ k, initial_k, transition_k_duration_steps: steps }: Case['config'], sizes: object) {
  const [from, to, over] = [initial_k ?? k, k, steps ?? 1].map(Number);
  return {
    ...sizes,
    architecture: 'lista_matryoshka_decreasingk_batchtopk',
    rescale_acts_by_decoder_norm: true,
    k: over > 6 ? from + ((to - from) * 6) / over : to,
  };
}

// Of each file, what SAELens' conversion gave for inference, and what its training class keeps.
const files = [
  'standard',
  'topk',
  'batchtopk',
  'jumprelu',
  'gated',
  'matryoshka_batchtopk',
  'matching_pursuit',
  'lista_matryoshka',
];
const cases = files.flatMap((file) => {
  const { batches, cases } = JSON.parse(readFileSync(join(golden, `sae_${file}.json`), 'utf8')) as File;
  return cases.flatMap((golden) => (golden.inference ? [{ file, golden, x: batches[0] }] : []));
});
const present = (name: string) => architectureNames().includes(name);

describe('an SAE saved by SAELens', () => {
  it.each(cases.filter(({ file }) => present(file.replaceAll('_', '-'))))(
    'encodes as there: $file, $golden.name',
    async ({ file, golden, x }) => {
      const { architecture, state, acts, training_model_eval_mode_acts } = golden.inference as NonNullable<
        Case['inference']
      >;
      const { params, buffers } = golden.after_3_steps as NonNullable<Case['after_3_steps']>;
      // The fields of SAELens' inference classes and no more.
      const { apply_b_dec_to_input, normalize_activations, reshape_activations } = golden.config;
      const [d_sae, d_in] = state.W_dec.shape;
      const { k, residual_threshold, max_iterations, stop_on_duplicate_support } = golden.config;
      const base = { d_in, d_sae, apply_b_dec_to_input, normalize_activations, reshape_activations };
      const own: Record<string, object> = {
        // Its conversion folds the norms.
        topk: { k, rescale_acts_by_decoder_norm: false },
        matching_pursuit: { residual_threshold, max_iterations, stop_on_duplicate_support },
        lista_matryoshka_decreasingk: { n_refinement_steps: golden.config.n_refinement_steps },
      };
      const inference = saved({ ...base, ...own[architecture], architecture }, state);
      expectCodes(await codesOf(inference, x, 'inference'), acts, state.W_dec);
      // The inference class of LISTA has that form alone.
      const lista = file === 'lista_matryoshka';
      if (lista) expectCodes(await codesOf(inference, x, 'training'), acts, state.W_dec);

      const { log_threshold, ...rest } = params;
      const kept = { ...rest, ...(log_threshold && { log_threshold }), ...buffers };
      const config = lista
        ? { ...golden.config, ...listaConfig(golden.config, { d_in, d_sae }) }
        : golden.config;
      const training = saved(config, kept);
      // Rescaled activations are in units of the decoder's norms already.
      const unit = config.rescale_acts_by_decoder_norm === true;
      const trained = await codesOf(training, x, 'training');
      expectCodes(trained, training_model_eval_mode_acts, params.W_dec, unit);
      expectCodes(await codesOf(training, x, 'inference'), acts, state.W_dec);
    },
  );

  const exported: [string, object][] = [
    ['standard', {}],
    ['topk', { k: 3 }],
    ['batchtopk', { k: 3 }],
    ['jumprelu', {}],
    ['gated', {}],
    ['matching-pursuit', { max_iterations: 3 }],
    ['abstopk', { k: 3 }],
    ['lista-matryoshka', { k: 3, n_refinement_steps: 2, eta: 0.2 }],
  ];
  // A workspace may start without its best parts (--start baseline).
  it.each(exported.filter(([name]) => present(name)))(
    'comes back as it was exported: %s',
    async (name, fields) => {
      const architecture = await loadArchitecture(name);
      const sae = architecture.config.parse({ d_in: 8, d_sae: 16, decoder_init_norm: 0.7, ...fields });
      const buffers = architecture.buffers?.(sae) ?? {};
      for (const [buffer, values] of Object.entries(buffers)) if (buffer !== 'k') values.fill(0.8);
      let seed = 1;
      const random = () => {
        seed = (seed * 16807) % 2147483647;
        return seed / 2147483647;
      };
      const config = {
        ...{
          version: 1 as const,
          architecture: name,
          sae,
          addons: {},
          experiment: 'x',
          samples: 0,
          scale: 1,
        },
        buffers: Object.fromEntries(Object.entries(buffers).map(([key, v]) => [key, [...v]])),
      };
      const checkpoint = { config, weights: architecture.init(sae, random), buffers };
      const out = join(root, `export-${name}`);
      await exportCheckpoint(checkpoint, architecture, out);
      const x = Float32Array.from({ length: 32 * 8 }, () => 6 * random() - 3);
      const [a, b] = [checkpoint, readSaelens(out)];
      const last = forms.indexOf('inference');
      const before = createCheckpointEncoder(a, architecture, new Map()).codes(x, 32)[last];
      const form = await loadArchitecture(b.config.architecture);
      const after = createCheckpointEncoder(b, form, new Map()).codes(x, 32)[last];
      expect(before.indices.length).toBeGreaterThan(20);
      expect([...after.offsets]).toEqual([...before.offsets]);
      expect([...after.indices]).toEqual([...before.indices]);
      for (const [at, value] of before.values.entries()) expect(after.values[at]).toBeCloseTo(value, 4);
    },
  );

  describe('whose input is used without b_dec', () => {
    const tensor = (shape: number[], of: (i: number) => number): Stored => ({
      shape,
      data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
    });
    const x: Stored = { shape: [2, 2], data: [1, 2, -1, 3] };
    const W_dec = tensor([3, 2], (i) => [1, 0, 0, 1, 0.6, 0.8][i]);
    const W_enc = tensor([2, 3], (i) => [1, 0, 0.6, 0, 1, 0.8][i]);
    const b_dec = tensor([2], () => 0.5);
    const base = { d_in: 2, d_sae: 3, apply_b_dec_to_input: false };

    it('encodes x itself', async () => {
      const state = { W_enc, W_dec, b_dec, b_enc: tensor([3], (i) => -0.1 * i) };
      const codes = await codesOf(saved({ ...base, architecture: 'standard' }, state), x, 'inference');
      for (const [i, want] of [1, 1.9, 2, 0, 2.9, 1.6].entries()) expect(codes[i]).toBeCloseTo(want, 5);
    });

    it('also through both paths of a gated one, and not at all in a tied one', async () => {
      const gates = {
        b_gate: tensor([3], () => -1.95),
        b_mag: tensor([3], () => 0.1),
        r_mag: tensor([3], () => Math.LN2),
      };
      const gated = saved({ ...base, architecture: 'gated' }, { W_enc, W_dec, b_dec, ...gates });
      const codes = await codesOf(gated, x, 'inference');
      for (const [i, want] of [0, 4.1, 4.5, 0, 6.1, 0].entries()) expect(codes[i]).toBeCloseTo(want, 5);
      const tied = saved({ ...base, architecture: 'matching_pursuit', max_iterations: 1 }, { W_dec, b_dec });
      const taken = await codesOf(tied, x, 'inference');
      for (const [i, want] of [0, 0, 2.2, 0, 3, 0].entries()) expect(taken[i]).toBeCloseTo(want, 5);
    });
  });
});
