/**
 * The powers of an encoder x·W_enc + b_enc and a decoder z·W_dec + b_dec, for `inputScaling`
 * (architecture.ts): the pre-activations stay, and the reconstruction shrinks to the unit of x.
 */
export const linearPowers = { W_enc: 1, b_enc: 0, W_dec: -1, b_dec: -1 } as const;

/**
 * The power of a threshold on activations: those multiplied by decoder norms shrink with the norms, others
 * stay.
 */
export const thresholdPower = (config: { rescale_acts_by_decoder_norm: boolean }): number =>
  config.rescale_acts_by_decoder_norm ? -1 : 0;
