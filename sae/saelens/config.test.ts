import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const root = mkdtempSync(join(tmpdir(), 'sae-config-'));
afterAll(() => rmSync(root, { recursive: true }));

const sizes = { d_in: 4, d_sae: 8 };
const v6 = { ...sizes, metadata: { sae_lens_version: '6.54.12' } };

/** What is read from such a `cfg.json` and the files beside it. */
function read(content: unknown, files: Record<string, unknown> = {}) {
  const folder = mkdtempSync(join(root, 'sae-'));
  for (const [name, value] of Object.entries({ 'cfg.json': content, ...files })) {
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  }
  return readConfig(folder);
}

describe('a config of SAELens', () => {
  it.each<[string, object, object]>([
    ['6', { ...v6, architecture: 'topk', k: 3 }, { own: { k: 3, rescale_acts_by_decoder_norm: false } }],
    [
      '6, as it was trained',
      { ...v6, architecture: 'topk', k: 3, rescale_acts_by_decoder_norm: true, aux_loss_coefficient: 1 },
      { own: { k: 3, rescale_acts_by_decoder_norm: true } },
    ],
    [
      '6, with fields about its origin',
      { ...v6, architecture: 'standard', hook_name: 'blocks.0.attn.hook_z', prepend_bos: true },
      { architecture: 'standard', rowNorm: null, scale: 1 },
    ],
    [
      '5: TopK as an architecture, with k as an argument of its activation function',
      { ...sizes, architecture: 'topk', activation_fn_str: 'topk', activation_fn_kwargs: { k: 3 } },
      { architecture: 'topk', own: { k: 3, rescale_acts_by_decoder_norm: false } },
    ],
    [
      '4, with the other name of its activation function',
      {
        ...sizes,
        sae_lens_version: '4.4.5',
        architecture: 'topk',
        activation_fn: 'topk',
        activation_fn_kwargs: { k: 5 },
      },
      { architecture: 'topk', own: { k: 5 } },
    ],
    [
      '3: TopK as the activation function of a standard SAE',
      { ...sizes, architecture: 'standard', activation_fn_str: 'topk', activation_fn_kwargs: { k: 3 } },
      { architecture: 'topk', own: { k: 3 } },
    ],
    [
      '2, with settings of the training run and no architecture',
      {
        ...sizes,
        hook_point: 'blocks.0.hook_mlp_out',
        noise_scale: 0,
        l1_coefficient: 1,
        normalize_activations: false,
      },
      { architecture: 'standard', rowNorm: null, scale: 1, apply_b_dec_to_input: true },
    ],
    [
      'without a normalisation',
      { ...v6, architecture: 'standard', normalize_activations: null },
      { rowNorm: null },
    ],
    [
      'with its rows normalised',
      { ...v6, architecture: 'gated', normalize_activations: 'layer_norm' },
      { rowNorm: 'layer_norm' },
    ],
    [
      'with an input from which b_dec is not subtracted',
      { ...v6, architecture: 'standard', apply_b_dec_to_input: false, dtype: 'torch.bfloat16' },
      { apply_b_dec_to_input: false },
    ],
    [
      '6, as the training class of LISTA writes it',
      {
        ...v6,
        ...{
          architecture: 'lista_matryoshka_decreasingk_batchtopk',
          k: 3,
          rescale_acts_by_decoder_norm: true,
        },
        ...{ initial_k: 6, transition_k_duration_steps: 10, term_tilt: 0.002, matryoshka_widths: [2, 8] },
      },
      { own: { k: 3, n_refinement_steps: 1, eta: 0.3, learnable_eta: false } },
    ],
    [
      'with the defaults of its architecture',
      { ...v6, architecture: 'matching_pursuit' },
      { own: { residual_threshold: 0.01, max_iterations: null, stop_on_duplicate_support: true } },
    ],
  ])('of version %s', (_, content, expected) => {
    expect(read(content)).toMatchObject(expected);
  });

  it('reads the scale of training from the file that SAELens saves beside a checkpoint', () => {
    const content = { ...v6, architecture: 'standard', normalize_activations: 'expected_average_only_in' };
    const scaler = { scaling_factor: 0.98, has_whitening: false };
    expect(read(content, { 'activation_scaler.json': scaler })).toMatchObject({ scale: 0.98, rowNorm: null });
    const others = [{ scaling_factor: null }, { scaling_factor: 1, has_whitening: true }];
    for (const files of [{}, ...others.map((other) => ({ 'activation_scaler.json': other }))]) {
      expect(() => read(content, files)).toThrow(
        /normalize_activations is "expected_average_only_in", and no/,
      );
    }
    // The same in the fields of version 2.
    const old = { ...sizes, normalize_activations: true };
    expect(() => read(old)).toThrow(/normalize_activations is "expected_average_only_in", and no/);
    // Once the scale is folded into the weights, the file is ignored.
    const folded = { ...v6, architecture: 'standard', normalize_activations: 'none' };
    expect(read(folded, { 'activation_scaler.json': scaler })).toMatchObject({ scale: 1 });
  });

  const topk = { ...sizes, activation_fn_str: 'topk' };
  it.each<[string, unknown, RegExp]>([
    [
      'an unknown architecture',
      { ...v6, architecture: 'mine' },
      /architecture "mine" is none of standard, topk, [^:]*$/,
    ],
    [
      'a transcoder',
      { ...v6, architecture: 'transcoder' },
      /architecture "transcoder" is none of .*: SAELens has it, but/,
    ],
    ['no architecture', v6, /architecture is missing/],
    ['no width', { ...v6, d_sae: undefined, architecture: 'standard' }, /d_sae is missing/],
    [
      'heads',
      { ...v6, architecture: 'standard', reshape_activations: 'hook_z' },
      /reshape_activations is "hook_z"/,
    ],
    [
      'heads, by the name of the hook',
      { ...sizes, hook_point: 'blocks.0.attn.hook_z' },
      /reshape_activations is "hook_z"/,
    ],
    [
      'whitening',
      { ...v6, architecture: 'standard', normalize_activations: 'covariance_whitening' },
      /normalize_activations is "covariance_whitening"/,
    ],
    ['a precision that is none', { ...v6, architecture: 'standard', dtype: 'int8' }, /dtype is "int8"/],
    ['no k', { ...v6, architecture: 'topk' }, /k is missing, and it cannot be guessed/],
    ['half a k', { ...v6, architecture: 'topk', k: 2.5 }, /k is 2.5: .*int/],
    ['more than there are', { ...v6, architecture: 'topk', k: 9 }, /k is 9 of 8 latents/],
    [
      'a BatchTopK without the field for rescaling',
      { ...v6, architecture: 'batchtopk', k: 3 },
      /rescale_acts_by_decoder_norm is missing/,
    ],
    [
      'an unknown field',
      { ...v6, architecture: 'topk', k: 3, k_min: 1 },
      /k_min is no field of topk that is known here \(SAELens 6\.54/,
    ],
    [
      'an activation function in version 6',
      { ...v6, architecture: 'standard', activation_fn: 'topk' },
      /activation_fn is no field of standard/,
    ],
    [
      'a transcoder of a version before 6',
      { ...sizes, is_transcoder: true, d_out: 4 },
      /is_transcoder is that of a transcoder/,
    ],
    ['TopK without k', topk, /activation_fn_kwargs.k is missing/],
    ['TopK with null', { ...topk, activation_fn_kwargs: { k: null } }, /activation_fn_kwargs.k is missing/],
    [
      'TopK with another argument',
      { ...topk, activation_fn_kwargs: { k: 3, postact_fn: 'x' } },
      /activation_fn_kwargs.postact_fn is not known/,
    ],
    ['two k', { ...topk, k: 4, activation_fn_kwargs: { k: 3 } }, /activation_fn_kwargs.k 3 contradicts k, 4/],
    [
      'TopK in a gated SAE',
      { ...topk, architecture: 'gated', activation_fn_kwargs: { k: 3 } },
      /activation_fn topk in an SAE of the architecture "gated"/,
    ],
    [
      'relu as TopK',
      { ...sizes, architecture: 'topk', k: 3, activation_fn: 'relu' },
      /activation_fn "relu" contradicts/,
    ],
    [
      'another activation function',
      { ...sizes, activation_fn_str: 'tanh-relu' },
      /activation_fn "tanh-relu" is not known/,
    ],
    [
      'LISTA of an input from which b_dec is not subtracted',
      { ...v6, architecture: 'lista_matryoshka_decreasingk', apply_b_dec_to_input: false },
      /apply_b_dec_to_input is false/,
    ],
    [
      'a later version',
      { ...v6, architecture: 'standard', metadata: { sae_lens_version: '7.0.1' } },
      /sae_lens_version is "7.0.1"/,
    ],
    ['no JSON', '{"d_in": NaN}', /not readable JSON/],
    ['no object', '[1]', /not readable JSON \(it is no object\)/],
    [
      'a git-LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
      /a git-LFS pointer and not the file/,
    ],
  ])('is refused with %s: one line with file, field and reason', (_, content, message) => {
    expect(() => read(content)).toThrow(message);
    expect(() => read(content)).toThrow(/^[^\n]*cfg\.json: [^\n]*$/);
  });
});
