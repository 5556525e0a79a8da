import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { type Activations, NUMBER_BYTES, readAt } from '../layout.ts';
import { rowCopy } from '../numbers.ts';

/** A tensor of a safetensors shard. */
export interface Written {
  dtype: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** The header of a safetensors shard, and where each tensor's bytes lie behind it. */
export function headerOf(
  tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; bytes: number }>>,
): Buffer {
  let at = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    at += bytes;
    return [name, { dtype, shape, data_offsets: [at - bytes, at] }];
  });
  const json = JSON.stringify({ __metadata__: { made: 'by a test' }, ...Object.fromEntries(entries) });
  const text = json.padEnd(Math.ceil(json.length / 8) * 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text)]);
}

export function writeShard(path: string, tensors: Readonly<Record<string, Written>>): void {
  const sizes = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, bytes: tensor.bytes.length }]),
  );
  writeFileSync(path, Buffer.concat([headerOf(sizes), ...Object.values(tensors).map(({ bytes }) => bytes)]));
}

export const bytesOf = (numbers: Float32Array | Int32Array | Uint16Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

export const floats = (rows: readonly (readonly number[])[], d = rows[0]?.length ?? 1): Written => ({
  dtype: 'F32',
  shape: [rows.length, d],
  bytes: bytesOf(Float32Array.from(rows.flat())),
});

export const integers = (numbers: readonly number[]): Written => ({
  dtype: 'I32',
  shape: [numbers.length],
  bytes: bytesOf(Int32Array.from(numbers)),
});

/** Rows of d numbers: the row's number, counted from `from`, then 0. */
export const numbered = (count: number, d: number, from = 0): number[][] =>
  Array.from({ length: count }, (_, row) => Array.from({ length: d }, (_, i) => (i === 0 ? from + row : 0)));

/** A Dataset on disk: files of record batches of contexts of rows, as the Arrow library writes them. */
export function writeDataset(
  folder: string,
  files: readonly (readonly number[][][][])[],
  shape: readonly [number, number],
): void {
  const [context] = shape;
  mkdirSync(folder, { recursive: true });
  const names = files.map((_, at) => `data-${at}.arrow`);
  const features = {
    note: { dtype: 'string', _type: 'Value' },
    'blocks.0': { shape, dtype: 'float32', _type: 'Array2D' },
  };
  writeFileSync(join(folder, 'dataset_info.json'), JSON.stringify({ features }));
  writeFileSync(
    join(folder, 'state.json'),
    JSON.stringify({ _data_files: names.map((filename) => ({ filename })) }),
  );
  const item = new Field('item', new Float32(), true);
  const x = new List(new Field('item', new List(item), true));
  const tokens = new FixedSizeList(context, new Field('item', new Int32(), true));
  const fields = [
    new Field('note', new Utf8(), true),
    new Field('blocks.0', x, true),
    new Field('token_ids', tokens, true),
  ];
  const schema = new Schema(fields);
  files.forEach((batches, at) => {
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, schema);
    for (const contexts of batches) {
      const columns = [
        vectorFromArray(
          contexts.map((_, index) => `context ${index}`),
          new Utf8(),
        ),
        vectorFromArray(contexts, x),
        vectorFromArray(
          contexts.map(() => new Array(context).fill(7)),
          tokens,
        ),
      ].map((vector) => vector.data[0]);
      const data = makeData({
        type: new Struct(fields),
        length: contexts.length,
        nullCount: 0,
        children: columns,
      });
      writer.write(new RecordBatch(schema, data));
    }
    writer.finish();
    writeFileSync(join(folder, names[at]), writer.toUint8Array(true));
  });
}

/** All rows of a folder, in its order. */
export function allRows({ d, dtype, rows, spans }: Activations): Float32Array {
  const out = new Float32Array(rows * d);
  let at = 0;
  for (const span of spans) {
    const bytes = Uint8Array.from(
      readAt(span.file, span.at, span.rows * d * NUMBER_BYTES[dtype], 'rows'),
    ).buffer;
    const copy = rowCopy(dtype, bytes, d);
    for (let row = 0; row < span.rows; row++) copy(row, out, (at + row) * d);
    at += span.rows;
  }
  return out;
}
