import * as tf from '@tensorflow/tfjs-core';
import { numbers } from '#engine/kernel';
import { type Csr, csrOf, sparseTensor } from '#engine/sparse';
import type { Addon, CodedBatch } from './addon.ts';
import type { Architecture } from './architecture.ts';
import { normalisedRows, type RowNorm } from './saelens/row-norm.ts';
import { expectShape } from './shapes.ts';
import { asTensors, type Checkpoint } from './trainer/checkpoint.ts';

/**
 * The forms that a trained SAE is measured in, in the order in which `encode` answers them
 * (contract/codes.ts).
 */
export const forms = ['training', 'inference'] as const;

/** The function of an architecture that makes the encoder of each form. */
const encoderOf = { training: 'batchEncoder', inference: 'inferenceEncoder' } as const;

/**
 * The encoders of a checkpoint. All forms share one decoder with rows of norm 1: `codes · decoder + bias`
 * reconstructs x, or x as normalised by `rowNorm`.
 */
export interface CheckpointEncoder {
  /** Width of x. */
  d_in: number;
  /** Number of latents. */
  d_sae: number;
  /** Decoder [d_sae × d_in], rows of norm 1. */
  decoder: Float32Array;
  /** Decoder bias [d_in]. */
  bias: Float32Array;
  /** How rows are normalised before they are encoded; absent: not at all. */
  rowNorm?: RowNorm;
  /** The name that the inference encoder is exported by. */
  exportedAs: string;
  /** The codes of a batch x [rows × d_in]: non-zeros of [rows, d_sae], one for each form. */
  codes(x: Float32Array, rows: number): Csr[];
}

/**
 * Makes the encoders that a checkpoint describes. Codes are activations in the unit of x: for decoder rows of
 * norm 1, and without the scale of training. Add-ons change the codes, so their settings mean the same in
 * every form and architecture.
 * @throws UserError for a wrong shape
 */
export function createCheckpointEncoder(
  { config, weights, buffers }: Checkpoint,
  architecture: Architecture,
  addons: ReadonlyMap<string, Addon>,
): CheckpointEncoder {
  const sae = architecture.config.parse(config.sae);
  const tensors = asTensors(weights);
  const { rowNorm, inferenceOnly } = config;
  const encoders = forms.map((form) =>
    architecture[encoderOf[inferenceOnly ? 'inference' : form]](tensors, buffers, sae),
  );
  const { architecture: exportedAs } = architecture.inferenceEncoder(tensors, buffers, sae);
  const { d_in, d_sae } = sae;
  for (const [form, { W_dec, b_dec }] of encoders.entries()) {
    expectShape(`W_dec of the ${forms[form]} form`, W_dec, [d_sae, d_in]);
    expectShape(`b_dec of the ${forms[form]} form`, b_dec, [d_in]);
  }
  const { W_dec, b_dec } = encoders[encoders.length - 1];
  const decoder = Float32Array.from(numbers(W_dec));
  normsOf(decoder, d_in).forEach((norm, i) => {
    for (let j = 0; j < d_in; j++) decoder[i * d_in + j] /= norm;
  });
  const unscaled = 1 / config.scale;
  const bias = Float32Array.from(numbers(b_dec), (v) => v * unscaled);
  const units = encoders.map((encoder) =>
    normsOf(numbers(encoder.W_dec), d_in).map((norm) => norm * unscaled),
  );

  const chosen = Object.entries(config.addons).map(([name, settings]) => {
    const addon = addons.get(name);
    if (!addon) throw new Error(`the checkpoint uses ${name}, and sae/addons/ has no such add-on`);
    return (batch: CodedBatch) => {
      const codes = addon.apply(batch, settings);
      expectShape(`the codes of the add-on ${name}`, codes, batch.codes.shape);
      return codes;
    };
  });
  const shared = { W_dec: tf.tensor2d(decoder, [d_sae, d_in]), b_dec: tf.tensor1d(bias) };
  const refined = (values: Float32Array, csr: Csr): Csr => {
    const x = tf.tensor2d(values, [csr.rows, d_in]);
    let codes = sparseTensor(csr, d_sae);
    for (const apply of chosen) codes = apply({ x, codes, ...shared });
    return csrOf(codes);
  };

  const codes = (x: Float32Array, rows: number): Csr[] => {
    const found: Csr[] = [];
    tf.tidy(() => {
      const rowsOf = rowNorm ? normalisedRows(rowNorm, x, d_in) : x;
      const values = config.scale === 1 ? rowsOf : rowsOf.map((v) => v * config.scale);
      const batch = tf.tensor2d(values, [rows, d_in]);
      for (const [form, encoder] of encoders.entries()) {
        const acts = encoder.encode(batch);
        expectShape(`the codes of the ${forms[form]} form`, acts, [rows, d_sae]);
        const active = csrOf(acts);
        const scaled = new Float32Array(active.values.length);
        for (let at = 0; at < scaled.length; at++)
          scaled[at] = active.values[at] * units[form][active.indices[at]];
        const inUnits = { ...active, values: scaled };
        found.push(chosen.length === 0 ? inUnits : refined(x, inUnits));
      }
    });
    return found;
  };

  return { d_in, d_sae, decoder, bias, rowNorm, exportedAs, codes };
}

/** The norm of each row of `n` numbers, at least 1e-8. */
function normsOf(rows: Float32Array, n: number): number[] {
  return Array.from({ length: rows.length / n }, (_, i) =>
    Math.max(1e-8, Math.sqrt(rows.subarray(i * n, (i + 1) * n).reduce((sum, v) => sum + v * v, 0))),
  );
}
