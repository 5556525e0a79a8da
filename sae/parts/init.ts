import type { Tensor32 } from '#contract/safetensors';
import type { BaseConfig } from '../architecture.ts';

/**
 * The common initial weights: decoder rows uniform in ±√(6 / d_in), scaled to `decoder_init_norm`; the
 * encoder is a copy of the decoder's transpose; biases are 0.
 */
export function initialWeights(
  { d_in, d_sae, decoder_init_norm }: BaseConfig,
  random: () => number,
): Record<'W_enc' | 'b_enc' | 'W_dec' | 'b_dec', Tensor32> {
  const W_dec = initialDecoder({ d_in, d_sae, decoder_init_norm }, random);
  const encoder = new Float32Array(d_in * d_sae);
  for (let i = 0; i < d_sae; i++) {
    for (let j = 0; j < d_in; j++) encoder[j * d_sae + i] = W_dec.data[i * d_in + j];
  }
  return {
    W_enc: { shape: [d_in, d_sae], data: encoder },
    b_enc: zeros(d_sae),
    W_dec,
    b_dec: zeros(d_in),
  };
}

/** The initial W_dec [d_sae, d_in]. */
export function initialDecoder(
  { d_in, d_sae, decoder_init_norm }: BaseConfig,
  random: () => number,
): Tensor32 {
  const bound = Math.sqrt(6 / d_in);
  const data = Float32Array.from({ length: d_sae * d_in }, () => (2 * random() - 1) * bound);
  if (decoder_init_norm !== null) {
    for (let i = 0; i < d_sae; i++) {
      const row = data.subarray(i * d_in, (i + 1) * d_in);
      const norm = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
      for (let j = 0; j < d_in; j++) row[j] *= decoder_init_norm / norm;
    }
  }
  return { shape: [d_sae, d_in], data };
}

/** A vector of zeros. */
export const zeros = (size: number): Tensor32 => full(size, 0);
/** A vector of equal numbers. */
export const full = (size: number, value: number): Tensor32 => ({
  shape: [size],
  data: new Float32Array(size).fill(value),
});
