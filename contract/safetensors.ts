import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeFileAtomic } from './atomic.ts';
import { UserError } from './errors.ts';

/** A dense float32 tensor, row-major. */
export interface Tensor32 {
  shape: readonly number[];
  data: Float32Array;
}

export interface SafetensorsFile<Tensor = Tensor32> {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/** A tensor that is written for others to read: whole numbers too, which this project does not read. */
export interface WrittenTensor {
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

/**
 * The bytes of a safetensors file: u64 header length, JSON header padded with spaces to a multiple of 8, then
 * the data, tensors sorted by name, as the Rust and Python libraries write them. Source:
 * github.com/huggingface/safetensors, "Format".
 */
export function encodeSafetensors(file: SafetensorsFile<WrittenTensor>): Uint8Array[] {
  // Without a prototype, so that no tensor's name ("__proto__") is special.
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(file.metadata).length > 0) header.__metadata__ = file.metadata;
  const names = [...file.tensors.keys()].sort();
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const name of names) {
    const { shape, data } = file.tensors.get(name) as WrittenTensor;
    if (shape.reduce((a, b) => a * b, 1) !== data.length) {
      throw new Error(`tensor ${name}: shape [${shape.join(', ')}] does not hold ${data.length} numbers`);
    }
    const dtype = data instanceof Int32Array ? 'I32' : 'F32';
    header[name] = { dtype, shape: [...shape], data_offsets: [offset, offset + data.byteLength] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  let json = JSON.stringify(header);
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const head = Buffer.alloc(8 + Buffer.byteLength(json));
  head.writeBigUInt64LE(BigInt(head.length - 8), 0);
  head.write(json, 8);
  return [head, ...parts];
}

/** Writes the file whole or not at all. */
export function writeSafetensors(path: string, file: SafetensorsFile<WrittenTensor>): void {
  writeFileAtomic(path, encodeSafetensors(file));
}

/**
 * Reads the bytes of a safetensors file of F32 tensors; F64 ones are rounded to them. `where` names the file
 * in messages.
 * @throws UserError when anything about header, offsets or sizes is not as the format says.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const bad = (what: string): never => {
    throw new UserError(`${where}: not a readable safetensors file: ${what}`);
  };
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 8) bad(`${view.length} bytes, the header alone needs 8`);
  const length = Number(view.readBigUInt64LE(0));
  if (length > view.length - 8) bad(`header of ${length} bytes in a file of ${view.length}`);
  let header: unknown;
  try {
    header = JSON.parse(view.toString('utf8', 8, 8 + length));
  } catch {
    bad('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    bad('its header is not a JSON object');
  const start = 8 + length;
  const available = view.length - start;
  const tensors = new Map<string, Tensor32>();
  let metadata: Record<string, string> = {};
  const spans: [from: number, to: number, name: string][] = [];
  for (const [name, value] of Object.entries(header as Record<string, unknown>)) {
    if (name === '__metadata__') {
      const parsed = z.record(z.string(), z.string()).safeParse(value);
      metadata = parsed.success ? parsed.data : bad('__metadata__ must map strings to strings');
      continue;
    }
    const parsed = Entry.safeParse(value);
    if (!parsed.success) {
      bad(`tensor "${name}" has no valid dtype, shape and data_offsets`);
      continue;
    }
    const { dtype, shape, data_offsets } = parsed.data;
    if (dtype !== 'F32' && dtype !== 'F64') bad(`tensor "${name}" is ${dtype}, only F32 and F64 are read`);
    const bytes = dtype === 'F64' ? 8 : 4;
    const count = shape.reduce((a, b) => a * b, 1);
    const [from, to] = data_offsets;
    if (to > available) bad(`tensor "${name}" ends at byte ${to} of ${available}: the file is truncated`);
    if (to - from !== count * bytes)
      bad(`tensor "${name}" of shape [${shape.join(', ')}] in ${to - from} bytes`);
    spans.push([from, to, name]);
    // A copy: offsets need not be aligned in the file.
    const copied = new Uint8Array(view.subarray(start + from, start + to)).buffer;
    const data = dtype === 'F64' ? Float32Array.from(new Float64Array(copied)) : new Float32Array(copied);
    tensors.set(name, { shape, data });
  }
  let used = 0;
  for (const [from, to, name] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== used) bad(`tensor "${name}" begins at byte ${from}, ${used} expected: overlap or gap`);
    used = to;
  }
  if (used !== available) bad(`${available} bytes of data, its tensors name ${used}`);
  return { tensors, metadata };
}

/** @throws UserError when the file is missing or not a readable safetensors file. */
export function readSafetensors(path: string): SafetensorsFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
  }
  return decodeSafetensors(bytes, path);
}
