// Writes one frame of zeros to standard output again and again, to measure what the pipe alone can carry.
//   node --import tsx bench/stream/testing/pour.ts <d> <batch rows>
import { encodeFrameHeader } from '#contract/stream';
import { StreamWriter } from '../writer.ts';

const [d, batchRows] = process.argv.slice(2).map(Number);
const writer = new StreamWriter(1, { d, batchRows });
const bytes = Buffer.concat([encodeFrameHeader(batchRows, 0), Buffer.alloc(batchRows * d * 4)]);
try {
  for (;;) writer.send({ bytes, rows: batchRows });
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
}
