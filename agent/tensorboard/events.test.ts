import { expect, it } from 'vitest';
import { fileVersion, scalars, sessionEnd, sessionStart } from './events.ts';
import { crc32c, wholeRecords } from './records.ts';

// What TensorBoard 2.21 itself writes for these messages, by its RecordWriter and its protobuf classes.
const AT = 1_700_000_000.25;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

it('writes what TensorBoard writes, byte for byte', () => {
  expect(hex(fileVersion(AT))).toBe(
    '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9',
  );
  const numbers = { 'train/loss': 0.5, 'train/l0': 21.25 };
  expect(hex(scalars(AT, 300, Object.entries(numbers)))).toBe(
    '3200000000000000241956ec0900001040fc54d94110ac022a240a110a0a747261696e2f6c6f7373150000003f0a0f0a08747261696e2f6c30150000aa413a4769d3',
  );
});

it('writes settings and the end of a run as its HPARAMS page reads them', () => {
  expect(hex(sessionStart(AT, 'g', [['k', 3.5]]))).toBe(
    '60000000000000002821c6da0900001040fc54d9412a550a530a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f42060801120212004a2b0a290a0768706172616d73121e1a1c0a0e0a016b1209110000000000000c402201672900001040fc54d941d444caaa',
  );
  expect(hex(sessionEnd(1_700_000_060.5, true))).toBe(
    '4d000000000000003d63d4a6090000204ffc54d9412a420a400a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f42060801120212004a1a0a180a0768706172616d73120d220b0801110000204ffc54d9417e45ae17',
  );
});

it('has the checksum of CRC-32C', () => {
  // The check value of its catalogue, and that of 32 zeros in RFC 3720.
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});

it('counts a step beyond 32 bits', () => {
  const record = Buffer.from(scalars(AT, 2 ** 40 + 5, [['a', 1]]));
  // 2^40 + 5 in groups of seven bits.
  expect(record.toString('hex')).toContain('10858080808020');
});

it('finds the whole records before one that was cut off or damaged', () => {
  const first = fileVersion(AT);
  const both = Buffer.concat([first, scalars(AT, 1, [['a', 1]])]);
  expect(wholeRecords(both)).toBe(both.length);
  for (let cut = 1; cut < both.length - first.length; cut++)
    expect(wholeRecords(both.subarray(0, both.length - cut))).toBe(first.length);
  for (const at of [first.length, first.length + 9, first.length + 20, both.length - 1]) {
    const damaged = Buffer.from(both);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect(wholeRecords(damaged), String(at)).toBe(first.length);
  }
  expect(wholeRecords(Buffer.alloc(0))).toBe(0);
});
