import { DataType, type Field, Precision, type Schema, Type } from 'apache-arrow';
import { type NumberType, type ShardFile, wrong } from './layout.ts';

/** How the numbers of the column are stored. @throws UserError unless they are lists of lists of floats */
export function numberType(file: ShardFile, schema: Schema, name: string): NumberType {
  const type: DataType | undefined = schema.fields.find((field) => field.name === name)?.type;
  const rows = DataType.isList(type) ? (type.children[0].type as DataType) : null;
  const number = DataType.isList(rows) ? (rows.children[0].type as DataType) : null;
  const precision = DataType.isFloat(number) ? number.precision : Precision.DOUBLE;
  if (precision === Precision.DOUBLE)
    throw wrong(file.path, `${name} is ${type ?? 'missing'}; lists of lists of float32 or float16 expected`);
  return precision === Precision.HALF ? 'F16' : 'F32';
}

/** The buffer of `token_ids`; null where there is no such column. */
export function tokensAt(file: ShardFile, schema: Schema, contextSize: number): number | null {
  const type: DataType | undefined = schema.fields.find(({ name }) => name === 'token_ids')?.type;
  if (type === undefined) return null;
  const list = DataType.isFixedSizeList(type) && type.listSize === contextSize ? type : null;
  const number = list?.children[0].type as DataType | undefined;
  if (!DataType.isInt(number) || number.bitWidth !== 32)
    throw wrong(file.path, `token_ids is ${type}; lists of ${contextSize} int32 expected`);
  return placeOf(file, schema, 'token_ids').buffer + 2;
}

/** The first node and buffer of a column: a batch has those of all columns in order, depth first. */
export function placeOf(file: ShardFile, schema: Schema, name: string): { node: number; buffer: number } {
  const place = { node: 0, buffer: 0 };
  for (const field of schema.fields) {
    if (field.name === name) return place;
    const { node, buffer } = extent(file, field);
    place.node += node;
    place.buffer += buffer;
  }
  throw wrong(file.path, `has no column ${name}`);
}

/** Buffers of an array of its own: validity, then offsets or values, or both. */
function ownBuffers(type: DataType): number | null {
  switch (type.typeId) {
    case Type.Null:
      return 0;
    case Type.Struct:
    case Type.FixedSizeList:
      return 1;
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Binary:
    case Type.LargeBinary:
      return 3;
    case Type.Union:
    case Type.Utf8View:
    case Type.BinaryView:
      return null;
    default:
      return 2;
  }
}

function extent(file: ShardFile, { name, type }: Field): { node: number; buffer: number } {
  const own = ownBuffers(type);
  if (own === null)
    throw wrong(file.path, `the column ${name} is ${type}, which cannot be skipped; remove it`);
  // The children of a dictionary's type lie in batches of their own.
  const children: Field[] = DataType.isDictionary(type) ? [] : (type.children ?? []);
  const below = children.map((child) => extent(file, child));
  return {
    node: 1 + below.reduce((sum, { node }) => sum + node, 0),
    buffer: own + below.reduce((sum, { buffer }) => sum + buffer, 0),
  };
}
