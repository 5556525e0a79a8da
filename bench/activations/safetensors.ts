import { z } from 'zod';
import {
  type Column,
  NUMBER_BYTES,
  type NumberType,
  readAt,
  type ShardFile,
  type Span,
  wrong,
} from './layout.ts';

/** The largest header that the safetensors libraries read. */
const MAX_HEADER = 100_000_000;

export const INTEGER_BYTES: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, U16: 2, I16: 2, U32: 4, I32: 4, U64: 8, I64: 8 },
};

const size = z.number().int().nonnegative();
const Header = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) }),
);

/**
 * The rows of a safetensors shard: `x` [rows, d], and integer columns [rows]. Only its header is read.
 * @throws UserError
 */
export function readSafetensorsShard(file: ShardFile): { d: number; dtype: NumberType; span: Span } {
  const length = Number(readAt(file, 0, 8, 'the length of its header').readBigUInt64LE(0));
  if (length > Math.min(MAX_HEADER, file.bytes - 8))
    throw wrong(
      file.path,
      `not a safetensors file, or cut off: a header of ${length} bytes in ${file.bytes}`,
    );
  const header = parsedHeader(file, readAt(file, 8, length, 'its header').toString('utf8'));
  const start = 8 + length;
  const x = header.get('x');
  if (!x) throw wrong(file.path, 'has no tensor x [rows, d]');
  const [rows, d] = x.shape;
  if (x.shape.length !== 2 || d === 0)
    throw wrong(file.path, `x has the shape [${x.shape}], [rows, d] expected`);
  if (!isNumberType(x.dtype)) throw wrong(file.path, `x is ${x.dtype}; F32, F16 or BF16 expected`);
  const columns = new Map<string, Column>();
  for (const [name, { dtype, shape, data_offsets }] of header) {
    const [from, to] = data_offsets;
    const each = name === 'x' ? d * NUMBER_BYTES[x.dtype] : INTEGER_BYTES[dtype];
    if (name !== 'x') {
      if (!/^(tokens|context|label\..+)$/s.test(name))
        throw wrong(
          file.path,
          `has a tensor ${JSON.stringify(name)}; x, tokens, context and label.<name> are read`,
        );
      if (each === undefined) throw wrong(file.path, `${name} is ${dtype}; integers expected`);
      if (shape.length !== 1 || shape[0] !== rows)
        throw wrong(file.path, `${name} has the shape [${shape}], [${rows}] expected: one for each row of x`);
      columns.set(name, { dtype, at: start + from });
    }
    if (to - from !== rows * each)
      throw wrong(file.path, `${name} [${shape}] ${dtype} takes ${to - from} bytes`);
    if (start + to > file.bytes) {
      const whole = Math.max(0, Math.floor((file.bytes - start - from) / each));
      throw wrong(file.path, `cut off: ${name} ends with row ${whole} of ${rows} (counted from 0)`);
    }
  }
  return { d, dtype: x.dtype, span: { file, first: 0, rows, at: start + x.data_offsets[0], columns } };
}

function parsedHeader(file: ShardFile, text: string): Map<string, z.infer<typeof Header>[string]> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(file.path, 'not a safetensors file: its header is not JSON');
  }
  if (typeof json === 'object' && json !== null && '__metadata__' in json) delete json.__metadata__;
  const { data } = Header.safeParse(json);
  if (!data) throw wrong(file.path, 'not a safetensors file: a tensor without dtype, shape and data_offsets');
  return new Map(Object.entries(data));
}

const isNumberType = (dtype: string): dtype is NumberType => Object.hasOwn(NUMBER_BYTES, dtype);
