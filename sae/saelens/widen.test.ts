import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from '#contract/safetensors';
import { widened } from './widen.ts';

/** A safetensors file of tensors in the given order, from their raw bytes. */
function file(tensors: [name: string, dtype: string, shape: number[], bytes: Buffer][]): Buffer {
  let at = 0;
  const header = Object.fromEntries(
    tensors.map(([name, dtype, shape, { length }]) => {
      const from = at;
      at += length;
      return [name, { dtype, shape, data_offsets: [from, at] }];
    }),
  );
  const json = Buffer.from(JSON.stringify({ ...header, __metadata__: { format: 'pt' } }));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, ...tensors.map(([, , , bytes]) => bytes)]);
}

const words = (...bits: number[]) => Buffer.from(Uint16Array.from(bits).buffer);
const read = (bytes: Buffer) => decodeSafetensors(widened(bytes), 'here').tensors;

describe('narrow tensors', () => {
  it('are the same numbers in 32 bits: bfloat16', () => {
    const bits = words(0x3f80, 0xc049, 0x0000, 0x8000, 0x0001, 0x7f7f, 0x7f80);
    const data = read(file([['a', 'BF16', [7], bits]])).get('a')?.data;
    expect(data).toEqual(
      Float32Array.of(1, -3.140625, 0, -0, 2 ** -133, 3.3895313892515355e38, Number.POSITIVE_INFINITY),
    );
    expect(Object.is(data?.[3], -0)).toBe(true);
  });

  it('float16, all 65,536 of them', () => {
    const every = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const data = read(file([['a', 'F16', [1 << 16], Buffer.from(every.buffer)]])).get('a')
      ?.data as Float32Array;
    expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x3555, 0xfc00].map((i) => data[i])).toEqual([
      ...[1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, Number.NEGATIVE_INFINITY],
    ]);
    // For each sign they increase up to infinity; beyond it is NaN.
    for (let i = 1; i <= 0x7c00; i++) {
      if (!(data[i] > data[i - 1] && data[i + 0x8000] === -data[i])) expect.fail(`at ${i}: ${data[i]}`);
    }
    expect(data.slice(0x7c01, 0x8000).every(Number.isNaN)).toBe(true);
  });

  it('do not change other tensors or the order', () => {
    const single = Buffer.from(Float32Array.of(1.5, 2.5).buffer);
    const double = Buffer.from(Float64Array.of(3.5).buffer);
    const tensors = read(
      file([
        ['a', 'F32', [2], single],
        ['b', 'BF16', [1, 2], words(0x3f80, 0x4000)],
        ['c', 'F64', [1], double],
        ['flags', 'BOOL', [3], Buffer.of(1, 0, 1)],
        ['d', 'F16', [1], words(0x4200)],
        ['e', 'F32', [2], single],
      ]),
    );
    expect([...tensors].map(([name, { shape, data }]) => [name, shape, [...data]])).toEqual([
      ['a', [2], [1.5, 2.5]],
      ['b', [1, 2], [1, 2]],
      ['c', [1], [3.5]],
      ['flags', [3], [1, 0, 1]],
      ['d', [1], [3]],
      ['e', [2], [1.5, 2.5]],
    ]);
  });

  it('of a broken file are left as they are, for the reader to refuse', () => {
    const whole = file([['a', 'F16', [2], words(1, 2)]]);
    const broken: [Buffer, RegExp][] = [
      [whole.subarray(0, -1), /tensor "a"/],
      [whole.subarray(0, 5), /5 bytes/],
      [file([['a', 'F16', [2], Buffer.alloc(3)]]), /tensor "a" is F16/],
      [file([['a', 'F16', [3], words(1, 2)]]), /tensor "a" of shape \[3\] in 8 bytes/],
      [file([['a', 'F8_E4M3', [2], Buffer.alloc(2)]]), /tensor "a" is F8_E4M3/],
    ];
    for (const [bytes, message] of broken) expect(() => read(bytes)).toThrow(message);
  });
});
