// Writes one frame of zeros to standard output again and again, to measure what the pipe alone can carry, or
// the
// ring in descriptors 3 and 4.
//   node --import tsx bench/stream/testing/pour.ts <d> <batch rows> [--ring 3,4]
import { encodeFrameHeader } from '#contract/stream';
import { ringEnds } from '../ring-reader.ts';
import { RingWriter } from '../ring-writer.ts';
import { StreamWriter } from '../writer.ts';

const [d, batchRows] = process.argv.slice(2, 4).map(Number);
const ends = ringEnds(process.argv[5]);
const header = { d, batchRows };
const writer = (ends && RingWriter.open(1, header, ends)) ?? new StreamWriter(1, header);
const bytes = Buffer.concat([encodeFrameHeader(batchRows, 0), Buffer.alloc(batchRows * d * 4)]);
try {
  for (;;) writer.send({ bytes, rows: batchRows });
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
}
