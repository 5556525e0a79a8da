import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { CODES_MAGIC, type CodesHeader } from '#contract/codes';
import { ByteReader } from './byte-reader.ts';
import { EndedEarly, readCodesHeader } from './codes.ts';

/** Reads a header after which the encoder ends, where that of the checkpoint at `at` of `of` is due. */
function read(header: Partial<CodesHeader>, place?: { at: number; of: number }) {
  const json = Buffer.from(JSON.stringify({ d_in: 64, d_sae: 16, forms: ['training'], ...header }));
  const length = Buffer.from(Uint32Array.of(json.length).buffer);
  const from = new ByteReader(Readable.from([Buffer.concat([Buffer.from(CODES_MAGIC), length, json])]));
  return readCodesHeader(from, 64, place);
}

it('takes the header of each of several checkpoints in its turn alone', async () => {
  await expect(read({ checkpoint: 1 }, { at: 1, of: 2 })).rejects.toThrow(EndedEarly);
  await expect(read({ checkpoint: 0 }, { at: 1, of: 2 })).rejects.toThrow(
    'it answers for checkpoint 0 where',
  );
  await expect(read({}, { at: 0, of: 2 })).rejects.toThrow('it answers for checkpoint unknown where');
  // Asked for one, it need not say which.
  await expect(read({})).rejects.toThrow(EndedEarly);
});

it('takes no more decoders of several checkpoints than of one', async () => {
  const d_sae = 2 ** 22 + 1;
  await expect(read({ d_sae })).rejects.toThrow(EndedEarly);
  await expect(read({ d_sae, checkpoint: 0 }, { at: 0, of: 2 })).rejects.toThrow(`it says d_sae ${d_sae}`);
});
