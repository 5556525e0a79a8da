import { z } from 'zod';
import { Line } from './text.ts';

/**
 * What a researcher's encoder answers the judge, on its standard output; the judge sends activations
 * (stream.ts) on its standard input. Little endian.
 *
 *   header  8 bytes  "SAECODE1"
 *           u32      length of the JSON that follows
 *           JSON     CodesHeader
 *           f32      decoder, d_sae × d_in, one latent a row
 *           f32      decoder bias, d_in
 *   answer to each frame, for each form in the header's order:
 *           u32      rows, as in the frame
 *           u32      nnz
 *           u32      rows + 1 offsets (CSR)
 *           u32      nnz latent indices, ascending in a row
 *           f32      nnz activations, so that reconstruction = codes · decoder + bias
 *
 * An encoder that is given several checkpoints answers a header for each in their order, and then to each
 * frame what it answers for each of them.
 */
export const CODES_MAGIC = 'SAECODE1';

export const CodesHeader = z.object({
  d_in: z.number().int().positive(),
  d_sae: z.number().int().positive(),
  /**
   * `training`: as in training, selection over the batch; `inference`: thresholded, each row by itself. The
   * training form decides and must be among them.
   */
  forms: z.array(z.enum(['training', 'inference'])).min(1),
  /**
   * For an SAE that SAELens saved: how each row was normalised before it was encoded. The judge undoes that
   * in the reconstructions, from x.
   */
  row_norm: z.enum(['layer_norm', 'constant_norm_rescale']).optional(),
  /**
   * Of a run: the name that it is exported by, and whether it has an encoder in Python. The judge looks
   * whether that is so. Absent in encoders of earlier versions.
   */
  exported: z.object({ name: Line, python: z.boolean() }).optional(),
  /**
   * Where it is given several checkpoints: the place of this one among them, from 0. Encoders of earlier
   * versions take the last alone, and do not say so.
   */
  checkpoint: z.number().int().nonnegative().optional(),
});
export type CodesHeader = z.infer<typeof CodesHeader>;

/** The codes of one batch in compressed sparse rows. `offsets` has rows + 1 entries. */
export interface SparseCodes {
  rows: number;
  offsets: Uint32Array;
  indices: Uint32Array;
  values: Float32Array;
}
