/** The table of CRC-32C (Castagnoli), for one byte at a time. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/** The CRC-32C of bytes. Node has only CRC-32, which is another polynomial. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum as TFRecord stores it: rotated and shifted, since a checksum of checksums is weak. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** The bytes of a record before its data (length, checksum of the length) and after it (checksum). */
const BEFORE = 12;
const AFTER = 4;

/** One record of a TFRecord file: `length, crc(length), data, crc(data)`, little-endian. */
export function recordOf(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BEFORE + data.length + AFTER);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, BEFORE);
  view.setUint32(BEFORE + data.length, masked(data), true);
  return bytes;
}

/**
 * The length of the whole records that bytes begin with. A crash may have cut off the last one, and no reader
 * gets past it.
 */
export function wholeRecords(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = 0;
  while (end + BEFORE <= bytes.length) {
    if (view.getUint32(end + 8, true) !== masked(bytes.subarray(end, end + 8))) return end;
    const data = end + BEFORE;
    const length = Number(view.getBigUint64(end, true));
    if (data + length + AFTER > bytes.length) return end;
    if (view.getUint32(data + length, true) !== masked(bytes.subarray(data, data + length))) return end;
    end = data + length + AFTER;
  }
  return end;
}
