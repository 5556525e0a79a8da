import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '#contract/errors';

/** The latents that a Matryoshka level adds to the one before it. */
export interface Band {
  /** Width of the prefix that this band completes. */
  width: number;
  /** It is all of the dictionary. */
  whole: boolean;
  /** 1 for the latents in it, by their index in the dictionary. */
  members: Uint8Array;
  /** The same as a column [d_sae, 1], to multiply decoder rows with. */
  rows: tf.Tensor;
}

/**
 * The bands between prefixes of those widths, the whole dictionary last. `order` lists the latents as the prefixes take
 * them; without it, by index.
 * @throws UserError when the widths do not increase or exceed d_sae.
 */
export function bands(widths: readonly number[], d_sae: number, order?: Uint32Array): Band[] {
  const ends = completed(widths, d_sae);
  return ends.map((width, level) => {
    const from = level === 0 ? 0 : ends[level - 1];
    const members = new Uint8Array(d_sae);
    for (let i = from; i < width; i++) members[order ? order[i] : i] = 1;
    const rows = tf.tensor(Float32Array.from(members), [d_sae, 1]);
    return { width, whole: width - from === d_sae, members, rows };
  });
}

/** The widths with d_sae appended where it is missing. */
export function completed(widths: readonly number[], d_sae: number): number[] {
  const all = widths.at(-1) === d_sae ? [...widths] : [...widths, d_sae];
  if (all.some((width, i) => i > 0 && width <= all[i - 1])) {
    throw new UserError(
      `matryoshka_widths [${widths.join(', ')}]: must increase strictly and end at or below d_sae (${d_sae})`,
    );
  }
  return all;
}
