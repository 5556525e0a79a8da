import type { SparseCodes } from '#contract/codes';
import type { Encoder } from './encoder.ts';

/** Batches that are under way at a time: the encoder computes while the judge draws and counts. */
const AHEAD = 4;

/** A batch of rows x [rows, d]; x must not change until its codes are here. */
export interface Batch {
  index: number;
  rows: number;
  x: Float32Array;
}

/**
 * Has batches encoded, in their order, and waits for the end of the encoder. `at` is the place of the
 * checkpoint among those of the encoder. @throws EncoderError
 */
export async function answers<B extends Batch>(
  encoder: Encoder,
  batches: Iterable<B>,
  onAnswer: (batch: B, codes: SparseCodes[], at: number) => void,
): Promise<void> {
  const underWay: B[] = [];
  const takeOne = async (): Promise<void> => {
    const batch = underWay.shift();
    if (!batch) return;
    for (const [at, opened] of encoder.opened.entries())
      onAnswer(batch, await encoder.receive(batch.rows, opened), at);
  };
  for (const batch of batches) {
    encoder.send(batch.x, batch.rows, batch.index);
    underWay.push(batch);
    if (underWay.length >= AHEAD) await takeOne();
  }
  while (underWay.length > 0) await takeOne();
  await encoder.finish();
}
