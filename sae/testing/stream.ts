import { writeFileSync } from 'node:fs';
import { encodeFrameHeader, encodeStreamHeader } from '#contract/stream';
import { uniform } from '#engine/random';

/**
 * Writes a data stream that an SAE can learn: each row is a sum of a few of 32 directions. The same seed
 * writes the same bytes; `from` leaves out the batches before it.
 */
export function writeStream(
  path: string,
  { d = 16, rows = 128, batches = 60, seed = 1, from = 0 } = {},
): void {
  const next = uniform(seed);
  const directions = Array.from({ length: 32 }, () => Float32Array.from({ length: d }, () => next() - 0.5));
  const parts: Uint8Array[] = [encodeStreamHeader({ d, batchRows: rows })];
  for (let index = 0; index < batches; index++) {
    const x = new Float32Array(rows * d);
    for (let row = 0; row < rows; row++) {
      for (const direction of directions) {
        if (next() > 0.1) continue;
        const amount = 3 + next();
        for (let j = 0; j < d; j++) x[row * d + j] += amount * direction[j];
      }
    }
    if (index >= from) parts.push(encodeFrameHeader(rows, index), new Uint8Array(x.buffer));
  }
  writeFileSync(path, Buffer.concat(parts));
}
