import { CODES_MAGIC, CodesHeader, type SparseCodes } from '#contract/codes';
import type { Decoder } from '../eval/reconstruction.ts';
import type { ByteReader } from './byte-reader.ts';

/** The encoder sent invalid data; the message says what. */
export class BadCodes extends Error {}
/** The encoder's output ended in mid-answer: the process has ended, or is about to. */
export class EndedEarly extends BadCodes {}

const MAX_HEADER_JSON = 1 << 16;
const MAX_DECODER_NUMBERS = 1 << 29;
/** Limit on the codes of a batch in one form, 268 MB: 32,768 latents that fire in each of 1024 rows. */
const MAX_CODES = 1 << 25;

/**
 * Reads and checks the header of an encoder's answer (contract/codes.ts), by default for its only checkpoint,
 * else for that at `at` of `of`. @throws BadCodes
 */
export async function readCodesHeader(
  from: ByteReader,
  dIn: number,
  { at, of } = { at: 0, of: 1 },
): Promise<{ header: CodesHeader; decoder: Decoder }> {
  const head = await take(from, 12, 'its header');
  if (head.toString('latin1', 0, 8) !== CODES_MAGIC) {
    throw new BadCodes(`its answer does not begin with ${CODES_MAGIC}`);
  }
  const length = head.readUInt32LE(8);
  if (length > MAX_HEADER_JSON) throw new BadCodes(`its header claims ${length} bytes of JSON`);
  const header = parseHeader((await take(from, length, 'its header')).toString('utf8'));
  if (header.d_in !== dIn) {
    throw new BadCodes(`it says d_in ${header.d_in}, the activations have ${dIn} numbers a row`);
  }
  // One that knows of a single checkpoint answers for one of them, and does not say for which.
  if (of > 1 && header.checkpoint !== at)
    throw new BadCodes(
      `it answers for checkpoint ${header.checkpoint ?? 'unknown'} where that at ${at} of ${of} is due`,
    );
  if (header.d_sae * dIn * of > MAX_DECODER_NUMBERS) throw new BadCodes(`it says d_sae ${header.d_sae}`);
  if (!header.forms.includes('training'))
    throw new BadCodes('it does not answer in the training form, which decides');
  if (new Set(header.forms).size !== header.forms.length) throw new BadCodes('it names a form twice');
  const weights = floatsOf(await take(from, header.d_sae * dIn * 4, 'its decoder'));
  const bias = floatsOf(await take(from, dIn * 4, 'its decoder bias'));
  if (!allFinite(weights) || !allFinite(bias))
    throw new BadCodes('its decoder has numbers that are not finite');
  return { header, decoder: { weights, bias, ...(header.row_norm && { rowNorm: header.row_norm }) } };
}

/** Reads and checks the codes of one batch in one form. @throws BadCodes */
export async function readCodes(from: ByteReader, rows: number, latents: number): Promise<SparseCodes> {
  const head = await take(from, 8, 'the codes of a batch');
  const said = head.readUInt32LE(0);
  const nnz = head.readUInt32LE(4);
  if (said !== rows) throw new BadCodes(`it answers ${said} rows to a batch of ${rows}`);
  if (nnz > rows * latents) throw new BadCodes(`it says ${nnz} codes for ${rows} rows of ${latents} latents`);
  if (nnz > MAX_CODES)
    throw new BadCodes(`it says ${nnz} codes for ${rows} rows; at most ${MAX_CODES} are read`);
  const body = await take(from, (rows + 1 + 2 * nnz) * 4, 'the codes of a batch');
  const offsets = new Uint32Array(body.buffer, body.byteOffset, rows + 1);
  const indices = new Uint32Array(body.buffer, body.byteOffset + (rows + 1) * 4, nnz);
  const values = new Float32Array(body.buffer, body.byteOffset + (rows + 1 + nnz) * 4, nnz);
  if (offsets[0] !== 0 || offsets[rows] !== nnz) throw new BadCodes('its offsets do not span its codes');
  for (let row = 0; row < rows; row++) {
    const [begin, end] = [offsets[row], offsets[row + 1]];
    if (end < begin || end > nnz) throw new BadCodes(`the offsets of row ${row} are not in order`);
    for (let e = begin; e < end; e++) {
      if (indices[e] >= latents) throw new BadCodes(`row ${row} names latent ${indices[e]} of ${latents}`);
      if (e > begin && indices[e] <= indices[e - 1]) {
        throw new BadCodes(`the latents of row ${row} are not in ascending order`);
      }
    }
  }
  if (!allFinite(values)) throw new BadCodes('it answers activations that are not finite');
  return { rows, offsets, indices, values };
}

async function take(from: ByteReader, bytes: number, what: string): Promise<Buffer> {
  const read = await from.read(bytes);
  if (!read) throw new EndedEarly(`it ended before ${what} were whole`);
  return read;
}

function parseHeader(text: string): CodesHeader {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadCodes('its header is not JSON');
  }
  const parsed = CodesHeader.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadCodes(`its header is wrong: ${issue.path.join('.')}: ${issue.message}`);
}

/** `allocUnsafeSlow` gives each buffer memory of its own, so the view is aligned. */
function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
