/**
 * The part of the protobuf wire format that event files need: each function writes one field, and a message
 * is its fields joined. A field of a message or a text is its bytes with their length before them.
 */
type Field = Uint8Array;

const WIRE = { varint: 0, eight: 1, bytes: 2, four: 5 } as const;

/** A whole number of at least 0 in groups of seven bits, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

const key = (field: number, wire: number) => varint(field * 8 + wire);

/** int32, int64, bool and enum; not below 0. */
export const whole = (field: number, value: number): Field =>
  Uint8Array.from([...key(field, WIRE.varint), ...varint(value)]);

export const double = (field: number, value: number): Field => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return message([Uint8Array.from(key(field, WIRE.eight)), bytes]);
};

export const float = (field: number, value: number): Field => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message([Uint8Array.from(key(field, WIRE.four)), bytes]);
};

export const bytes = (field: number, value: Uint8Array): Field =>
  message([Uint8Array.from([...key(field, WIRE.bytes), ...varint(value.length)]), value]);

export const text = (field: number, value: string): Field => bytes(field, new TextEncoder().encode(value));

/** A message from its fields. */
export function message(fields: readonly Field[]): Uint8Array {
  const joined = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let at = 0;
  for (const field of fields) {
    joined.set(field, at);
    at += field.length;
  }
  return joined;
}
