/** A tensor in the header of a safetensors file. */
interface Entry {
  /** `F32`, `BF16` ... */
  dtype: string;
  /** First byte and the one after the last, from the start of the data. */
  data_offsets: [number, number];
}

/** How the narrow numbers of safetensors become float32, which represents each of them exactly. */
const narrow: Record<string, { bytes: number; of: (bits: number) => number }> = {
  BF16: { bytes: 2, of: ofBrain },
  F16: { bytes: 2, of: ofHalf },
  BOOL: { bytes: 1, of: (bits) => bits },
};

/**
 * Converts BF16, F16 and BOOL tensors of a safetensors file to F32, without rounding. Without such tensors
 * the bytes stay. Errors in the file are left for `decodeSafetensors` to report.
 */
export function widened(bytes: Buffer): Buffer {
  const header = headerOf(bytes);
  if (!header) return bytes;
  const { entries, start } = header;
  const short = Object.values(entries).filter(isNarrow);
  if (short.length === 0) return bytes;
  const grown = (at: number) =>
    short.reduce((sum, { dtype, data_offsets: [from, to] }) => {
      const factor = 4 / narrow[dtype].bytes;
      return sum + (to <= at ? (factor - 1) * (to - from) : 0);
    }, at);
  const data = Buffer.alloc(grown(bytes.length - start));
  const written = Object.entries(entries).map(([name, entry]) => {
    if (!isEntry(entry)) return [name, entry];
    const [from, to] = entry.data_offsets;
    const at = grown(from);
    if (!Object.hasOwn(narrow, entry.dtype)) {
      bytes.copy(data, at, start + from, start + to);
      return [name, { ...entry, data_offsets: [at, at + to - from] }];
    }
    const { bytes: each, of } = narrow[entry.dtype];
    const count = (to - from) / each;
    for (let i = 0; i < count; i++)
      data.writeFloatLE(of(bytes.readUIntLE(start + from + i * each, each)), at + 4 * i);
    return [name, { ...entry, dtype: 'F32', data_offsets: [at, at + 4 * count] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(written)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/** The header and the start of the data; null unless all entries are within the file. */
function headerOf(bytes: Buffer): { entries: Record<string, unknown>; start: number } | null {
  if (bytes.length < 8) return null;
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  if (start > bytes.length) return null;
  try {
    const entries = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, unknown>;
    const fits = Object.values(entries).every(
      (entry) => !isEntry(entry) || within(entry, bytes.length - start),
    );
    return fits ? { entries, start } : null;
  } catch {
    return null;
  }
}

const within = ({ dtype, data_offsets: [from, to] }: Entry, size: number): boolean =>
  from >= 0 &&
  from <= to &&
  to <= size &&
  !(Object.hasOwn(narrow, dtype) && (to - from) % narrow[dtype].bytes);

function isEntry(value: unknown): value is Entry {
  const { dtype, data_offsets } = (value ?? {}) as Partial<Entry>;
  return typeof dtype === 'string' && Array.isArray(data_offsets) && data_offsets.every(Number.isInteger);
}

const isNarrow = (value: unknown): value is Entry => isEntry(value) && Object.hasOwn(narrow, value.dtype);

/** bfloat16 is the upper half of a float32. */
function ofBrain(bits: number): number {
  scratch.setUint32(0, bits * 65536);
  return scratch.getFloat32(0);
}

const scratch = new DataView(new ArrayBuffer(4));

/** IEEE binary16: 1 sign, 5 exponent and 10 fraction bits, subnormals included. */
function ofHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
